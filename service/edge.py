"""The outermost layer of the app: before routing and around every answer.

It works on the raw scope on purpose: a crafted Host header or path must have been judged before any part of the
framework builds an address from them.
"""

from __future__ import annotations

import time
from urllib.parse import parse_qsl

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import problems
from service.errors import InvalidHeader, MisdirectedRequest, TokenInUrl, UriTooLong
from service.hosts import HostList
from service.limits import Limits
from service.measures import Measures
from storage.errors import HeadstockError
from storage.ids import new_id

_log = structlog.get_logger("service")
# Names under which people put tokens into addresses, where histories, logs and referrers keep them.
_TOKEN_PARAMETERS = frozenset({"token", "access_token", "api_key", "apikey", "authorization"})
_MOST_HEADERS = 200
_HEADER_BYTES = 1 << 16
_SMALL_BODY_BYTES = 1 << 16
_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Edge:
    """Request ids, the Host list, tokens in addresses, security headers, the access log, and the last catch of
    errors.
    """

    def __init__(self, app: ASGIApp, *, hosts: HostList, limits: Limits, measures: Measures) -> None:
        self._app = app
        self._hosts = hosts
        self._limits = limits
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # WebSockets are not spoken here; the framework's own refusal is a plain 403 before the handshake.
            await self._app(scope, receive, send)
            return
        request_id = new_id("r")
        scope["headstock.request_id"] = request_id
        begun = time.perf_counter()
        status = 0
        received = not _has_large_body(scope)

        async def watched() -> Message:
            nonlocal received
            message = await receive()
            received = received or (message["type"] == "http.request" and not message.get("more_body", False))
            return message

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if not received:
                    # Whoever still sends after a refusal would be listened to without end.
                    headers["Connection"] = "close"
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            request = Request(scope)
            try:
                self._refuse_misuse(scope)
                await self._app(scope, watched, observed)
            except HeadstockError as error:
                await problems.answer(request, error)(scope, receive, observed)
            except Exception as error:
                if status:
                    # Half an answer has gone; closing the connection is the only honest end.
                    _log.error("answer_broken_off", action="answer", exc_info=error)
                    raise
                await problems.unexpected_answer(request, error)(scope, receive, observed)
            finally:
                self._record(scope, status, time.perf_counter() - begun)

    def _refuse_misuse(self, scope: Scope) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if not self._hosts.accepts([value for name, value in headers if name == b"host"]):
            raise MisdirectedRequest("this host name is not served here; HEADSTOCK_ALLOWED_HOSTS can add it")
        query: bytes = scope["query_string"]
        if len(scope.get("raw_path") or b"") + len(query) > self._limits.url_bytes:
            raise UriTooLong(f"addresses may have {self._limits.url_bytes} bytes")
        if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > _HEADER_BYTES:
            raise InvalidHeader(f"a request may have {_MOST_HEADERS} headers of {_HEADER_BYTES} bytes together")
        names = {name.lower() for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)}
        if names & _TOKEN_PARAMETERS:
            raise TokenInUrl("send the token in the Authorization header; this one should be replaced")

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._measures.requests.labels(route, method, str(status)).inc()
        if not route.endswith("/events"):
            self._measures.seconds.labels(route, method).observe(seconds)
        # The template of the route, never the address itself: that is client text.
        _log.info("request", action="answer", route=route, method=method, status=status, seconds=round(seconds, 6))


def _has_large_body(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return True
        if name == b"content-length":
            return not value.isdigit() or len(value) > 12 or int(value) > _SMALL_BODY_BYTES
    return False


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
