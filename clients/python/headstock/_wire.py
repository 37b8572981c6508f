"""What both clients, the waiting and the awaiting one, know of the wire: queries, answers, errors, when to try again.

Nothing here sends or waits.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from headstock.connection import Connection, is_loopback
from headstock.errors import ApiError, NotFound, Unauthenticated, UnexpectedAnswer, Unreachable, from_response

M = TypeVar("M", bound=BaseModel)
QueryValue = str | int | float | bool | None
Query = Mapping[str, QueryValue | list[str]]


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how long a repeatable request is tried again.

    Attributes:
        attempts: Tries in all, at least 1.
        first_wait_s: Longest wait after the first try; each later one may be twice as long.
        longest_wait_s: Where the growth ends, and the most that a `Retry-After` is honoured for.
        away_s: How long `wait`, `live`, `events` and `stream` put up with a service that does not answer, such as one
            that is being restarted, before they raise.
    """

    attempts: int = 5
    first_wait_s: float = 0.25
    longest_wait_s: float = 20.0
    away_s: float = 120.0

    def wait_s(self, failures: int, *, draw: float) -> float:
        """Seconds to wait after that many failures; `draw` in [0, 1) spreads clients that failed together."""
        ceiling = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (failures - 1))
        return ceiling * (0.5 + draw / 2)


def segment(text: str) -> str:
    """One part of a path: whatever a name holds stays within it."""
    # A lone dot or two would be taken for "here" and "up" by whatever normalises the address on the way.
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


def clean(query: Query | None) -> dict[str, str | int | float | bool | list[str]]:
    """Without the unset ones: httpx would send them as empty."""
    return {name: value for name, value in (query or {}).items() if value is not None and value != []}


def parse(response: httpx.Response, model: type[M], *, url: str) -> M:
    """The answer of the service at `url` as a model. Raises UnexpectedAnswer when it is not one."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as fault:
        places = "; ".join(
            f"/{'/'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in fault.errors()[:3]
        )
        raise UnexpectedAnswer(
            f"{response.request.method} {response.request.url.path}: the answer is not a {model.__name__} "
            f"({places}); is {url} a Headstock service, and this library new enough for it?"
        ) from fault


def refusal(response: httpx.Response, *, now: datetime, connection: Connection) -> ApiError:
    """The error of a read response that is not a success."""
    fault = from_response(response, retry_after_s=_retry_after_s(response, now))
    if isinstance(fault, Unauthenticated):
        fault.hint = _token_hint(connection)
    elif isinstance(fault, NotFound):
        fault.hint = _path_hint(response, fault, connection)
    return fault


def _path_hint(response: httpx.Response, fault: NotFound, connection: Connection) -> str:
    """What was looked for; the service does not say."""
    asked = f"{response.request.method} {response.request.url.path}"
    if fault.code == "not_found":
        return asked
    return f"{asked}; is {connection.url} the address of a Headstock service, no older than this client?"


def _token_hint(connection: Connection) -> str:
    if connection.token is None:
        return "no token was sent: give `token=...`, or set HEADSTOCK_TOKEN"
    return f"the token that was sent is from {connection.token_from}"


def unreachable(fault: httpx.HTTPError, *, url: str) -> Unreachable:
    """The error of a request that got no answer: what is in the way, as far as can be told, and what to try."""
    reason = str(fault) or type(fault).__name__
    causes = list(_causes(fault))
    own = is_loopback(httpx.URL(url).host)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {url} is not trusted here ({cause.verify_message}): if it is signed by an "
                "authority of your own, set SSL_CERT_FILE to the authority's certificate",
                url=url,
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable(f"no TLS connection to {url} ({reason}): is it an http:// address?", url=url)
        if isinstance(cause, socket.gaierror):
            return Unreachable(f"no machine is known as {httpx.URL(url).host} ({reason}): is {url} right?", url=url)
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
        start = "`headstock up` starts one here" if own else "and is its address right?"
        return Unreachable(f"nothing answers at {url} ({reason}): is the service running? {start}", url=url)
    if isinstance(fault, httpx.TimeoutException):
        return Unreachable(f"{url} did not answer in time ({reason})", url=url)
    return Unreachable(f"the connection to {url} broke ({reason})", url=url)


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """What an error came from, and what that came from."""
    cause = fault.__cause__ or fault.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _retry_after_s(response: httpx.Response, now: datetime) -> float | None:
    """Seconds from a `Retry-After` header, in both of its forms (RFC 9110, 10.2.3); None when there is none."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
