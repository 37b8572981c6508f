"""Refusals that only the HTTP edge can make; `service/problems.py` gives each its status and title."""

from __future__ import annotations

from storage.errors import HeadstockError, Invalid


class RequestRefused(HeadstockError):
    """Parent of everything refused because of how a request was made, before its meaning was looked at."""

    code = "bad_request"


class MalformedJson(RequestRefused):
    code = "malformed_json"


class InvalidEncoding(RequestRefused):
    code = "invalid_encoding"


class DuplicateKey(RequestRefused):
    code = "duplicate_key"


class TooDeep(RequestRefused):
    code = "too_deep"


class MalformedUpload(RequestRefused):
    code = "malformed_upload"


class InvalidHeader(RequestRefused):
    code = "invalid_header"


class InvalidEventId(RequestRefused):
    code = "invalid_event_id"


class TokenInUrl(RequestRefused):
    code = "token_in_url"


class Unauthenticated(RequestRefused):
    code = "unauthenticated"


class InsufficientScope(RequestRefused):
    code = "insufficient_scope"


class ForbiddenField(HeadstockError):
    """A field that this token may not set."""

    code = "forbidden_field"


class CodeUploadDisabled(HeadstockError):
    """The definition holds Python source, and the operator has not allowed that."""

    code = "code_upload_disabled"


class CrossSite(RequestRefused):
    code = "cross_site"


class RouteNotFound(RequestRefused):
    code = "route_not_found"


class MethodNotAllowed(RequestRefused):
    code = "method_not_allowed"


class RequestTimeout(RequestRefused):
    code = "request_timeout"
    retryable = True


class BodyTooLarge(RequestRefused):
    code = "body_too_large"


class UriTooLong(RequestRefused):
    code = "uri_too_long"


class UnsupportedMediaType(RequestRefused):
    code = "unsupported_media_type"


class UnsupportedEncoding(RequestRefused):
    code = "unsupported_encoding"


class MisdirectedRequest(RequestRefused):
    code = "misdirected"


class TooManyRequests(RequestRefused):
    code = "too_many_requests"
    retryable = True


class InvalidRequest(Invalid):
    """The body or its parameters can be read but are wrong; `faults` says where."""

    code = "invalid_request"


class ModelNotReady(HeadstockError):
    """The trial's model cannot be had yet, or never will be; the message says which."""

    code = "model_not_ready"


class ReportNotReady(HeadstockError):
    """A job's report cannot be had yet, or never will be; the message says which."""

    code = "report_not_ready"


class NoScoredTrial(HeadstockError):
    """A final training was asked for, and there is no trial with a score to retrain."""

    code = "no_scored_trial"


class ExportUnavailable(HeadstockError):
    """The process that writes Parquet or event files did not begin this one."""

    code = "export_unavailable"
    retryable = True


class AnalysisUnavailable(HeadstockError):
    """The process that works with numeric libraries did not answer this question."""

    code = "analysis_unavailable"
    retryable = True


class PictureUnavailable(HeadstockError):
    """The process that draws pictures did not draw this one."""

    code = "picture_unavailable"
    retryable = True
