# Made from _async/_http.py by `make twins`: edit that one.
"""Requests with retries, turned into documents or errors. The one place that talks to httpx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TypeVar

import httpx
from pydantic import BaseModel

from headstock import _wire
from headstock._seam import Waiting, release
from headstock._wire import Query, Retries
from headstock.connection import Connection, is_loopback
from headstock.errors import ApiError, Unreachable

M = TypeVar("M", bound=BaseModel)
UPLOAD_TIMEOUT_S = 600.0
BYTES = "application/octet-stream"


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
        self.timeout_s = timeout_s
        self.retries = retries
        self.waiting = waiting
        self.user_agent = user_agent
        headers = {"User-Agent": user_agent, "Accept": "application/json"}
        if connection.token:
            headers["Authorization"] = f"Bearer {connection.token}"
        self.client = httpx.Client(
            base_url=connection.url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
            transport=transport,
            # A proxy that the environment names for the world has no business between us and our own machine.
            mounts=dict.fromkeys(("http://", "https://")) if is_loopback(httpx.URL(connection.url).host) else None,
            # The token goes to the address that was named, and nowhere else.
            follow_redirects=False,
        )
        release(self, self.client)

    def close(self) -> None:
        self.client.close()

    def get(self, path: str, model: type[M], *, query: Query | None = None, patient: bool = False) -> M:
        """Read one document. Repeated on a busy or lost service; `patient`: for as long as one may be away."""
        return self.parse(self.send("GET", path, query=query, repeatable=True, patient=patient), model)

    def post(
        self,
        path: str,
        model: type[M],
        *,
        json: object | None = None,
        idempotency_key: str | None = None,
        repeatable: bool = False,
        timeout_s: float | None = None,
    ) -> M:
        """Post a document. Repeated only with an idempotency key, or when it stores nothing (`repeatable`)."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
        response = self.send(
            "POST",
            path,
            json=json,
            headers=headers,
            repeatable=repeatable or idempotency_key is not None,
            timeout_s=timeout_s,
        )
        return self.parse(response, model)

    def upload(
        self,
        path: str,
        model: type[M],
        *,
        files: Mapping[str, tuple[str, IO[bytes], str]],
        data: Mapping[str, str],
        idempotency_key: str | None = None,
        timeout_s: float,
    ) -> M:
        """Post a multipart form with open files: once, or, with an idempotency key, from their beginning again."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
        response = self.send(
            "POST",
            path,
            files=files,
            data=data,
            headers=headers,
            repeatable=idempotency_key is not None,
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
        files: Mapping[str, tuple[str, IO[bytes], str]] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        patient: bool = False,
        timeout_s: float | None = None,
    ) -> httpx.Response:
        """Send, repeating when that is safe; returns a read response below 300.

        Args:
            repeatable: Sending it twice does no harm: it is tried `retries.attempts` times.
            patient: It is tried for `retries.away_s`, however often.

        Raises:
            ApiError: The service refused (the last refusal, after retries).
            Unreachable: Nothing answered.
        """
        failures = 0
        began = self.waiting.monotonic()

        def given_up() -> bool:
            if patient:
                return self.waiting.monotonic() - began >= self.retries.away_s
            return not repeatable or failures >= self.retries.attempts

        while True:
            try:
                request = self.client.build_request(
                    method,
                    path,
                    params=_wire.clean(query),
                    json=json,
                    files=files,
                    data=None if data is None else dict(data),
                    headers=dict(headers or {}),
                    timeout=httpx.USE_CLIENT_DEFAULT
                    if timeout_s is None
                    else httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
                )
                response = self.client.send(request)
            except httpx.HTTPError as fault:
                failures += 1
                if given_up():
                    raise self.unreachable(fault) from fault
                self._pause(failures, None)
                continue
            if response.is_success:
                return response
            refusal = self.refusal(response)
            failures += 1
            if not refusal.retryable or given_up():
                raise refusal
            self._pause(failures, refusal.retry_after_s)

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
            with self.client.stream(
                "GET", path, params=_wire.clean(query), headers=dict(headers or {}), timeout=timeout
            ) as response:
                if not response.is_success:
                    response.read()
                    raise self.refusal(response)
                yield response
        except httpx.HTTPError as fault:
            raise self.unreachable(fault) from fault

    def parse(self, response: httpx.Response, model: type[M]) -> M:
        """The answer as a model. Raises UnexpectedAnswer when it is not one."""
        return _wire.parse(response, model, url=self.connection.url)

    def refusal(self, response: httpx.Response) -> ApiError:
        """The error of a read response that is not a success."""
        return _wire.refusal(response, now=self.waiting.now(), connection=self.connection)

    def unreachable(self, fault: httpx.HTTPError) -> Unreachable:
        """The error of a request that got no answer."""
        return _wire.unreachable(fault, url=self.connection.url)

    def _pause(self, failures: int, retry_after_s: float | None) -> None:
        wait_s = self.retries.wait_s(failures, draw=self.waiting.draw())
        if retry_after_s is not None:
            wait_s = max(wait_s, min(retry_after_s, self.retries.longest_wait_s))
        self.waiting.sleep(wait_s)
