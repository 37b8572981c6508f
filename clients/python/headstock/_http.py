"""Requests with retries, turned into documents or errors. The one place that talks to httpx."""

from __future__ import annotations

import random
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from headstock.connection import Connection, is_loopback
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time and chance, as the client uses them; tests give their own."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    draw: Callable[[], float] = random.random


class Http:
    """One connection pool to one service. Safe to share between threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout_s: float,
        transport: httpx.BaseTransport | None,
        retries: Retries,
        waiting: Waiting,
        user_agent: str,
    ) -> None:
        self.connection = connection
        self.retries = retries
        self.waiting = waiting
        headers = {"User-Agent": user_agent, "Accept": "application/json"}
        if connection.token:
            headers["Authorization"] = f"Bearer {connection.token}"
        self._client = httpx.Client(
            base_url=connection.url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
            transport=transport,
            # A proxy that the environment names for the world has no business between us and our own machine.
            trust_env=not is_loopback(httpx.URL(connection.url).host),
            # The token goes to the address that was named, and nowhere else.
            follow_redirects=False,
        )

        # Who keeps only a search, as `headstock.search` gives it, has nothing to close by hand.
        weakref.finalize(self, self._client.close)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, model: type[M], *, query: Query | None = None) -> M:
        """Read one document. Repeated on a busy or lost service."""
        return self.parse(self.send("GET", path, query=query, repeatable=True), model)

    def post(
        self,
        path: str,
        model: type[M],
        *,
        json: object | None = None,
        query: Query | None = None,
        idempotency_key: str | None = None,
        repeatable: bool = False,
        timeout_s: float | None = None,
    ) -> M:
        """Post a document. Repeated only with an idempotency key, or when it stores nothing (`repeatable`)."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
        response = self.send(
            "POST",
            path,
            query=query,
            json=json,
            headers=headers,
            repeatable=repeatable or idempotency_key is not None,
            timeout_s=timeout_s,
        )
        return self.parse(response, model)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        timeout_s: float | None = None,
    ) -> httpx.Response:
        """Send, repeating when that is safe; returns a read response below 300.

        Raises:
            ApiError: The service refused (the last refusal, after retries).
            Unreachable: Nothing answered.
        """
        failures = 0
        while True:
            try:
                request = self._client.build_request(
                    method,
                    path,
                    params=_clean(query),
                    json=json,
                    headers=dict(headers or {}),
                    timeout=httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s,
                )
                response = self._client.send(request)
            except httpx.HTTPError as fault:
                failures += 1
                if not repeatable or failures >= self.retries.attempts:
                    raise self.unreachable(fault) from fault
                self._pause(failures, None)
                continue
            if response.is_success:
                return response
            refusal = self.refusal(response)
            failures += 1
            if not repeatable or not refusal.retryable or failures >= self.retries.attempts:
                raise refusal
            self._pause(failures, refusal.retry_after_s)

    def upload(
        self,
        path: str,
        model: type[M],
        *,
        files: Mapping[str, tuple[str, object, str]],
        data: Mapping[str, str],
        timeout_s: float,
    ) -> M:
        """Post a multipart form with open files, once."""
        try:
            response = self._client.post(
                path,
                files=files,  # type: ignore[arg-type]
                data=dict(data),
                timeout=httpx.Timeout(timeout_s, connect=10.0),
            )
        except httpx.HTTPError as fault:
            raise self.unreachable(fault) from fault
        if not response.is_success:
            raise self.refusal(response)
        return self.parse(response, model)

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        read_timeout_s: float,
    ) -> Iterator[httpx.Response]:
        """An answer read piece by piece, tried once; refusals and lost connections raise like `send`."""
        timeout = httpx.Timeout(read_timeout_s, connect=10.0)
        try:
            with self._client.stream(
                "GET", path, params=_clean(query), headers=dict(headers or {}), timeout=timeout
            ) as response:
                if not response.is_success:
                    response.read()
                    raise self.refusal(response)
                yield response
        except httpx.HTTPError as fault:
            raise self.unreachable(fault) from fault

    def parse(self, response: httpx.Response, model: type[M]) -> M:
        """The answer as a model. Raises UnexpectedAnswer when it is not one."""
        try:
            return model.model_validate_json(response.content)
        except ValidationError as fault:
            places = "; ".join(
                f"/{'/'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in fault.errors()[:3]
            )
            raise UnexpectedAnswer(
                f"{response.request.method} {response.request.url.path}: the answer is not a {model.__name__} "
                f"({places}); is {self.connection.url} a Headstock service, and this library new enough for it?"
            ) from fault

    def refusal(self, response: httpx.Response) -> ApiError:
        """The error of a read response that is not a success."""
        return from_response(response, retry_after_s=self._retry_after_s(response))

    def unreachable(self, fault: httpx.HTTPError) -> Unreachable:
        """The error of a request that got no answer."""
        url = self.connection.url
        reason = str(fault) or type(fault).__name__
        if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout):
            return Unreachable(
                f"nothing answers at {url} ({reason}): is the service running? `headstock up` starts one here", url=url
            )
        if isinstance(fault, httpx.TimeoutException):
            return Unreachable(f"{url} did not answer in time ({reason})", url=url)
        return Unreachable(f"the connection to {url} broke ({reason})", url=url)

    def _pause(self, failures: int, retry_after_s: float | None) -> None:
        wait_s = self.retries.wait_s(failures, draw=self.waiting.draw())
        if retry_after_s is not None:
            wait_s = max(wait_s, min(retry_after_s, self.retries.longest_wait_s))
        self.waiting.sleep(wait_s)

    def _retry_after_s(self, response: httpx.Response) -> float | None:
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
        return max(0.0, (moment - self.waiting.now()).total_seconds())


def segment(text: str) -> str:
    """One part of a path: whatever a name holds stays within it."""
    # A lone dot or two would be taken for "here" and "up" by whatever normalises the address on the way.
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


def _clean(query: Query | None) -> dict[str, str | int | float | bool | list[str]]:
    """Without the unset ones: httpx would send them as empty."""
    return {name: value for name, value in (query or {}).items() if value is not None and value != []}
