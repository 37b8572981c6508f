"""Everything this library raises.

    HeadstockError
    |-- NotConfigured            no address or token to be found
    |-- Unreachable              nothing answered, or the connection broke
    |-- UnexpectedAnswer         something answered that is not Headstock, or a newer one
    |-- SearchFailed             a search that was waited for ended as FAILED
    |-- WaitTimeout              a search was waited for, and goes on
    |-- NoSuchTrial              a search has no trial of that number, or none with a score yet (also a LookupError)
    |-- NotPortable              a function cannot be sent as source (in `sources`)
    `-- ApiError                 the service refused; one class per `code`
        |-- Unauthenticated
        |-- Forbidden
        |   `-- CodeNotAllowed
        |-- NotFound
        |-- Conflict
        |   |-- WrongState
        |   |-- NameTaken
        |   |-- DatasetInUse
        |   |-- ModelNotReady
        |   |-- ReportNotReady
        |   |-- NoScoredTrial
        |   `-- RequestInProgress
        |-- Invalid
        |   |-- InvalidDefinition
        |   |-- InvalidDataset
        |   |-- InvalidWeights
        |   |-- InvalidImport
        |   |-- InvalidPageToken
        |   |-- TooLarge
        |   `-- IdempotencyKeyReused
        |-- DatasetUnavailable
        |-- ArtifactDamaged
        |-- QuotaExceeded
        |-- TooManyRequests
        |-- ServiceUnavailable
        `-- ServerFault

An `ApiError` is made from the service's problem details (RFC 9457): `code` is the stable word to branch on, `retryable`
says whether the same call may succeed later unchanged, `errors` names each wrong place by its JSON pointer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import httpx


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place in what was sent, a stable word, and what would be right.

    `pointer` is a JSON pointer (RFC 6901) into the body; `query:name`, `header:name` or `form:name` for other places.
    """

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '(whole document)'}: {self.detail}"


class HeadstockError(Exception):
    """Base of all errors of this library."""

    @property
    def message(self) -> str:
        """The error in one sentence, without the places."""
        return str(self.args[0]) if self.args else type(self).__name__


class NotConfigured(HeadstockError):
    """No address of a service, or no token for it, was given or found."""


class Unreachable(HeadstockError):
    """The service did not answer, or the connection broke. `url` is where it was looked for."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class UnexpectedAnswer(HeadstockError):
    """What answered does not speak this API, or this library is too old for it."""


class SearchFailed(HeadstockError):
    """The search that was waited for ended as FAILED. `code` and `reason` are the service's."""

    def __init__(self, search_id: str, *, code: str, reason: str) -> None:
        super().__init__(f"search {search_id} failed ({code}): {reason}")
        self.search_id = search_id
        self.code = code
        self.reason = reason


class WaitTimeout(HeadstockError):
    """The search had not ended when the time given to `wait` was over. It goes on."""

    def __init__(self, search_id: str, *, timeout_s: float) -> None:
        super().__init__(f"search {search_id} has not ended within {timeout_s:g} s; it goes on")
        self.search_id = search_id
        self.timeout_s = timeout_s


class NoSuchTrial(HeadstockError, LookupError):
    """The search has no trial of that number, or none with a score yet."""


class ApiError(HeadstockError):
    """The service refused the request.

    Attributes:
        status: HTTP status.
        code: Stable word for programs.
        title: The kind of problem in a few words.
        detail: What was wrong, for people.
        errors: The wrong places, in the service's order; empty when the fault is not in the document.
        retryable: Whether the same call may succeed later unchanged.
        retry_after_s: Seconds the service asks to wait before that, when it says so.
        request_id: Under this the service's log has the request; empty when it was not the service that answered.
        hint: What this client knows of the way out; empty when it knows no more than the service says.
    """

    expected_code: ClassVar[str] = ""
    # Codes that programs have no reason to tell apart from it by class.
    also: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        code: str,
        title: str = "",
        errors: tuple[FieldError, ...] = (),
        retryable: bool = False,
        retry_after_s: float | None = None,
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.request_id = request_id
        self.hint = hint

    def __str__(self) -> str:
        # Only where the reason is in the log alone does a person need the id.
        where = f", request {self.request_id}" if self.request_id and self.status >= 500 else ""
        head = f"{self.detail} ({self.code}{where})"
        head = f"{head}: {self.hint}" if self.hint else head
        return "\n".join([head, *(f"  {error}" for error in self.errors)])

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default, which calls the class with `args`.
        return _rebuild, (
            type(self),
            self.detail,
            {
                "status": self.status,
                "code": self.code,
                "title": self.title,
                "errors": self.errors,
                "retryable": self.retryable,
                "retry_after_s": self.retry_after_s,
                "request_id": self.request_id,
                "hint": self.hint,
            },
        )


def _rebuild(kind: type[ApiError], detail: str, fields: dict[str, object]) -> ApiError:
    return kind(detail, **fields)  # type: ignore[arg-type]


class Unauthenticated(ApiError):
    """There was no token, or it is not valid (any more)."""

    expected_code = "unauthenticated"


class Forbidden(ApiError):
    """The token is valid but may not do this."""

    expected_code = "insufficient_scope"
    also = ("forbidden_field", "cross_site")


class CodeNotAllowed(Forbidden):
    """The service does not run code from clients: its operator has not turned the setting `code` on."""

    expected_code = "code_upload_disabled"

    @classmethod
    def by_catalog(cls) -> CodeNotAllowed:
        """What the service would answer, told from its catalog without sending the code."""
        return cls(
            "the service does not run code from clients: its operator turns that on by the setting `code` "
            "(HEADSTOCK_CODE=true, `headstock up --allow-code`), or registers the builder under a name",
            status=403,
            code=cls.expected_code,
            title="Code is not accepted here",
        )


class NotFound(ApiError):
    """There is no such thing, or it belongs to somebody else."""

    expected_code = "not_found"
    also = ("route_not_found",)


class Conflict(ApiError):
    """The request does not fit the present state of things."""

    expected_code = "conflict"
    # What workers are told, and what a coordinator tries again.
    also = ("lease_lost", "protocol_error", "stale_oracle")


class WrongState(Conflict):
    """The thing is in a state from which the asked move is not allowed."""

    expected_code = "wrong_state"


class NameTaken(Conflict):
    """Another thing has that name already."""

    expected_code = "name_taken"


class DatasetInUse(Conflict):
    """Searches still refer to the data set."""

    expected_code = "dataset_in_use"


class ModelNotReady(Conflict):
    """The trial's model cannot be had yet, or never will be; the message says which."""

    expected_code = "model_not_ready"


class ReportNotReady(Conflict):
    """A job's report cannot be had yet, or never will be; the message says which."""

    expected_code = "report_not_ready"


class NoScoredTrial(Conflict):
    """There is no trial with a score to retrain."""

    expected_code = "no_scored_trial"


class RequestInProgress(Conflict):
    """The first request with this idempotency key has not been answered yet."""

    expected_code = "request_in_progress"


class Invalid(ApiError):
    """The request was understood, but is wrong; `errors` says where."""

    expected_code = "invalid"
    also = (
        "invalid_request",
        # Forms of a request that this library does not send: whoever gets one has met a proxy, or a fault of ours.
        "bad_request", "malformed_json", "malformed_upload", "invalid_encoding", "invalid_header", "invalid_event_id",
        "duplicate_key", "too_deep", "token_in_url", "method_not_allowed", "uri_too_long", "unsupported_media_type",
        "unsupported_encoding", "misdirected",
    )  # fmt: skip


class InvalidDefinition(Invalid):
    """The search definition is wrong; `errors` has the JSON pointers."""

    expected_code = "invalid_definition"


class InvalidDataset(Invalid):
    """The uploaded file cannot be used as a data set."""

    expected_code = "invalid_dataset"


class InvalidWeights(Invalid):
    """The uploaded file holds no weights that can be used."""

    expected_code = "invalid_weights"


class InvalidImport(Invalid):
    """The file holds no results that can be imported."""

    expected_code = "invalid_import"


class InvalidPageToken(Invalid):
    """The page token is not one that the service gave."""

    expected_code = "invalid_page_token"


class TooLarge(Invalid):
    """The document or file is larger than the service takes."""

    expected_code = "body_too_large"


class IdempotencyKeyReused(Invalid):
    """The idempotency key belongs to another request."""

    expected_code = "idempotency_key_reused"


class DatasetUnavailable(ApiError):
    """A downloadable data set could not be fetched by the service (usually: it has no network)."""

    expected_code = "dataset_unavailable"


class ArtifactDamaged(ApiError):
    """A stored file is missing or its checksum differs."""

    expected_code = "artifact_damaged"


class QuotaExceeded(ApiError):
    """The owner's share is used up for now."""

    expected_code = "quota_exceeded"


class TooManyRequests(ApiError):
    """More was asked for at once than this token or address may; `retry_after_s` says when to go on."""

    expected_code = "too_many_requests"


class ServiceUnavailable(ApiError):
    """The service, its database or what works for it is busy, away or took too long; nothing was changed."""

    expected_code = "storage_unavailable"
    also = ("analysis_unavailable", "export_unavailable", "picture_unavailable", "schema_outdated", "request_timeout")


class ServerFault(ApiError):
    """The service failed; its log has the reason."""

    expected_code = "internal"


def _tree(base: type[ApiError]) -> list[type[ApiError]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_tree(child))]


BY_CODE: dict[str, type[ApiError]] = {
    code: kind for kind in _tree(ApiError) for code in (kind.expected_code, *vars(kind).get("also", ()))
}


def _by_status(status: int) -> type[ApiError]:
    """The class for a code this library does not know (a newer service, or a proxy in between)."""
    known = {
        401: Unauthenticated,
        403: Forbidden,
        404: NotFound,
        408: ServiceUnavailable,
        409: Conflict,
        413: TooLarge,
        429: TooManyRequests,
        502: ServiceUnavailable,
        503: ServiceUnavailable,
        504: ServiceUnavailable,
    }
    if status in known:
        return known[status]
    return ServerFault if status >= 500 else Invalid


def _not_ours(response: httpx.Response) -> str:
    """What an answer says that is none of the service's: a proxy's, or of something else at that address."""
    request = response.request
    said = f"{request.method} {request.url.path} was answered by something that is not Headstock"
    status = f"{response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code in (502, 503, 504):
        return f"a proxy answered that the service behind it is away ({status})"
    if where := response.headers.get("Location"):
        return f"{said} ({status}), which points to {where}: is the address of the service right?"
    return f"{said} ({status}): is the address of the service right, and what stands before it?"


def from_response(response: httpx.Response, *, retry_after_s: float | None = None) -> ApiError:
    """The error a refused request stands for. `response` must have been read."""
    try:
        problem = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        problem = None
    if not isinstance(problem, dict):
        # Not ours: a proxy's page, or an empty body.
        problem = {}
    status = response.status_code
    known_code = isinstance(problem.get("code"), str)
    code = problem["code"] if known_code else f"http_{status}"
    title = str(problem.get("title") or response.reason_phrase or f"HTTP {status}")
    detail = str(problem.get("detail") or (title if known_code else _not_ours(response)))
    faults = problem.get("errors")
    errors = tuple(
        FieldError(str(fault.get("pointer", "")), str(fault.get("code", "")), str(fault.get("detail", "")))
        for fault in (faults if isinstance(faults, list) else [])
        if isinstance(fault, dict)
    )
    retryable = problem.get("retryable")
    kind = BY_CODE.get(code) or _by_status(status)
    return kind(
        detail,
        status=status,
        code=code,
        title=title,
        errors=errors,
        retryable=retryable if isinstance(retryable, bool) else status in (429, 502, 503, 504),
        retry_after_s=retry_after_s,
        request_id=str(problem.get("request_id") or ""),
    )
