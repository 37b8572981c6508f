"""The one table from error class to HTTP status, problem type and title, and the answer made of it (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from service import errors as edge
from service.json_body import MAX_FAULTS, escape_pointer
from storage import errors

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one class of errors looks like over HTTP. `explain` False keeps the message for the log."""

    status: int
    title: str
    explain: bool = True
    retry_after_s: int | None = None


KINDS: dict[type[errors.HeadstockError], Kind] = {
    errors.HeadstockError: Kind(500, "Internal error", explain=False),
    errors.NotFound: Kind(404, "Not found", explain=False),
    errors.Conflict: Kind(409, "Conflict"),
    errors.WrongState: Kind(409, "Not possible in this state"),
    errors.NameTaken: Kind(409, "Name taken"),
    errors.DatasetInUse: Kind(409, "Data set in use"),
    errors.RequestInProgress: Kind(409, "Request in progress", retry_after_s=1),
    errors.StaleOracle: Kind(409, "Search changed meanwhile", retry_after_s=1),
    errors.LeaseLost: Kind(409, "Lease lost"),
    errors.ProtocolViolation: Kind(409, "Impossible report"),
    errors.Invalid: Kind(422, "Invalid content"),
    errors.InvalidDefinition: Kind(422, "Invalid search definition"),
    errors.InvalidDataset: Kind(422, "Invalid data set"),
    errors.InvalidWeights: Kind(422, "Invalid weights"),
    errors.InvalidImport: Kind(422, "Invalid results"),
    errors.InvalidPage: Kind(400, "Invalid page token"),
    errors.IdempotencyKeyReused: Kind(422, "Idempotency key reused"),
    errors.DatasetUnavailable: Kind(503, "Data set cannot be fetched", retry_after_s=30),
    errors.ArtifactDamaged: Kind(410, "File missing or damaged", explain=False),
    errors.QuotaExceeded: Kind(429, "Quota exceeded", retry_after_s=5),
    errors.StorageUnavailable: Kind(503, "Storage busy or away", explain=False, retry_after_s=1),
    errors.SchemaOutdated: Kind(503, "Database schema is not this version's", explain=False, retry_after_s=30),
    edge.RequestRefused: Kind(400, "Bad request"),
    edge.MalformedJson: Kind(400, "Malformed JSON"),
    edge.InvalidEncoding: Kind(400, "Invalid encoding"),
    edge.DuplicateKey: Kind(400, "Duplicate key"),
    edge.TooDeep: Kind(400, "Nested too deeply"),
    edge.MalformedUpload: Kind(400, "Malformed upload"),
    edge.InvalidHeader: Kind(400, "Invalid header"),
    edge.InvalidEventId: Kind(400, "Invalid event id"),
    edge.TokenInUrl: Kind(400, "Token in the address"),
    edge.Unauthenticated: Kind(401, "Not signed in"),
    edge.InsufficientScope: Kind(403, "Token may not do this"),
    edge.ForbiddenField: Kind(403, "Token may not set this field"),
    edge.CodeUploadDisabled: Kind(403, "Code is not accepted here"),
    edge.CrossSite: Kind(403, "Cross-site request refused"),
    edge.RouteNotFound: Kind(404, "No such address"),
    edge.MethodNotAllowed: Kind(405, "Method not allowed"),
    edge.RequestTimeout: Kind(408, "Request timed out"),
    edge.BodyTooLarge: Kind(413, "Body too large"),
    edge.UriTooLong: Kind(414, "Address too long"),
    edge.UnsupportedMediaType: Kind(415, "Unsupported media type"),
    edge.UnsupportedEncoding: Kind(415, "Unsupported content encoding"),
    edge.MisdirectedRequest: Kind(421, "Host not served here"),
    edge.TooManyRequests: Kind(429, "Too many requests", retry_after_s=10),
    edge.InvalidRequest: Kind(422, "Invalid request"),
    edge.ModelNotReady: Kind(409, "Model not ready"),
    edge.ReportNotReady: Kind(409, "Report not ready"),
    edge.NoScoredTrial: Kind(409, "No scored trial"),
    edge.ExportUnavailable: Kind(503, "Export cannot be written", retry_after_s=1),
    edge.AnalysisUnavailable: Kind(503, "Analysis cannot be made", retry_after_s=1),
    edge.PictureUnavailable: Kind(503, "Picture cannot be drawn", retry_after_s=1),
}

# What the message of a kind that must not explain itself is replaced by.
_PLAIN_DETAIL = {
    404: "there is nothing of that id here",
    410: "the stored file is missing or damaged; `headstock fsck` tells more",
    500: "something went wrong inside; the log has it under this request id",
    503: "try again shortly; nothing was changed",
}

# pydantic's error types, in our words.
_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "enum": "invalid_enum",
    "literal_error": "invalid_enum",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing_size": "out_of_range",
    "finite_number": "not_finite",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_many",
    "string_pattern_mismatch": "invalid_value",
}


def problem_type(code: str) -> str:
    """The `type` of a problem: a relative address that names the page section in `docs/errors.md`."""
    return f"/problems/{code.replace('_', '-')}"


def fault_document(fault: errors.FieldFault) -> dict[str, str]:
    return {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}


def answer(request: Request, error: errors.HeadstockError, *, headers: dict[str, str] | None = None) -> JSONResponse:
    """The problem document of an error; never with a value the client sent, a path, SQL or a traceback."""
    kind = KINDS[type(error)]
    request_id = request.scope.get("headstock.request_id", "")
    faults = error.faults if isinstance(error, errors.Invalid) else ()
    body = {
        "type": problem_type(error.code),
        "title": kind.title,
        "status": kind.status,
        "detail": error.message if kind.explain else _PLAIN_DETAIL[kind.status],
        "instance": f"/requests/{request_id}",
        "request_id": request_id,
        "code": error.code,
        "retryable": error.retryable,
        "errors": [fault_document(fault) for fault in faults[:MAX_FAULTS]],
    }
    all_headers = {**(headers or {}), "Cache-Control": "no-store"}
    if kind.retry_after_s is not None:
        all_headers["Retry-After"] = str(kind.retry_after_s)
    if kind.status == 401:
        all_headers["WWW-Authenticate"] = "Bearer"
    if kind.status >= 500:
        _log.error("request_failed", action="answer", code=error.code, error=error.message)
    return JSONResponse(body, status_code=kind.status, media_type=MEDIA_TYPE, headers=all_headers)


def pydantic_faults(
    found: list[dict[str, object]] | list[object], *, prefix: str = ""
) -> tuple[errors.FieldFault, ...]:
    """pydantic's errors as field faults: places and our words only, never the input or its context."""
    faults = []
    for item in found[:MAX_FAULTS]:
        assert isinstance(item, dict)
        kind = str(item["type"])
        place = "".join(f"/{escape_pointer(str(part))}" for part in item["loc"])
        code = _CODES.get(kind, "invalid_type" if kind.endswith(("_type", "_parsing")) else "invalid_value")
        detail = _DETAILS.get(code) or str(item["msg"])
        faults.append(errors.FieldFault(prefix + place, code, _bounds(item) or detail))
    return tuple(faults)


_DETAILS = {
    "missing": "is required",
    "unknown_field": "is not a field here",
    "not_finite": "must be a finite number",
    "invalid_value": "has a form that is not allowed here",
}
_BOUND_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def _bounds(item: dict[str, object]) -> str | None:
    context = item.get("ctx")
    if not isinstance(context, dict):
        return None
    said = [
        f"{words} {context[key]}" for key, words in _BOUND_WORDS.items() if isinstance(context.get(key), int | float)
    ]
    return f"must be {' and '.join(said)}" if said else None


def _parameter_faults(found: list[dict[str, object]]) -> tuple[errors.FieldFault, ...]:
    faults = []
    for item in found:
        location = item["loc"]
        assert isinstance(location, tuple | list)
        where, *rest = [str(part) for part in location]
        (fault,) = pydantic_faults([{**item, "loc": ()}])
        faults.append(errors.FieldFault(f"{where}:{rest[0]}" if rest else where, fault.code, fault.detail))
    return tuple(faults)


def _allowed_methods(request: Request) -> str:
    """All methods of the requested path: the router alone would name those of the first matching route only."""
    methods: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches({**request.scope, "method": "GET"})
        if match is not Match.NONE:
            methods |= set(getattr(route, "methods", None) or ())
    return ", ".join(sorted(methods))


def install(app: FastAPI) -> None:
    """Make every failure of `app`, the router's own included, a problem document."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.HeadstockError)
        return answer(request, error)

    async def parameters(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = _parameter_faults(list(error.errors()))
        return answer(request, edge.InvalidRequest("a parameter is wrong", faults))

    async def router(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return answer(request, edge.RouteNotFound("there is no such address"))
        if error.status_code == 405:
            allowed = _allowed_methods(request)
            return answer(request, edge.MethodNotAllowed(f"allowed here: {allowed}"), headers={"Allow": allowed})
        return answer(request, edge.RequestRefused("the request cannot be understood"))

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return unexpected_answer(request, error)

    app.add_exception_handler(errors.HeadstockError, known)
    app.add_exception_handler(RequestValidationError, parameters)
    app.add_exception_handler(ResponseValidationError, unexpected)
    app.add_exception_handler(HTTPException, router)


def unexpected_answer(request: Request, error: Exception) -> JSONResponse:
    """A 500 that says nothing of the inside; the log has the traceback under the request id."""
    _log.error("unexpected_error", action="answer", exc_info=error)
    return answer(request, errors.HeadstockError("unexpected"))
