"""What both clients, the waiting and the awaiting one, know of the wire: queries, answers, errors, when to try again.

Nothing here sends or waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from headstock.errors import ApiError, UnexpectedAnswer, Unreachable, from_response

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
    """

    attempts: int = 5
    first_wait_s: float = 0.25
    longest_wait_s: float = 20.0

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


def refusal(response: httpx.Response, *, now: datetime) -> ApiError:
    """The error of a read response that is not a success."""
    return from_response(response, retry_after_s=_retry_after_s(response, now))


def unreachable(fault: httpx.HTTPError, *, url: str) -> Unreachable:
    """The error of a request that got no answer."""
    reason = str(fault) or type(fault).__name__
    if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
        return Unreachable(
            f"nothing answers at {url} ({reason}): is the service running? `headstock up` starts one here", url=url
        )
    if isinstance(fault, httpx.TimeoutException):
        return Unreachable(f"{url} did not answer in time ({reason})", url=url)
    return Unreachable(f"the connection to {url} broke ({reason})", url=url)


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
