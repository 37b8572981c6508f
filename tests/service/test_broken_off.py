"""A client that goes away before its request is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import structlog
from starlette.testclient import TestClient
from starlette.types import Message

from tests.service.assembled import Service


@pytest.mark.parametrize(
    ("path", "kind", "begun"),
    [
        ("/v1/searches", b"application/json", b'{"name": '),
        (
            "/v1/datasets",
            b"multipart/form-data; boundary=half",
            b'--half\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\na,b\r\n',
        ),
    ],
)
def test_it_is_no_fault_of_the_service(service: Service, ada: TestClient, path: str, kind: bytes, begun: bytes) -> None:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (b"host", ada.base_url.netloc),
            (b"authorization", ada.headers["authorization"].encode()),
            (b"content-type", kind),
            (b"content-length", b"1000"),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    told: Iterator[Message] = iter(
        [{"type": "http.request", "body": begun, "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(told, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    with structlog.testing.capture_logs() as logged:
        asyncio.run(service.app(scope, receive, send))
    assert [message["status"] for message in sent if message["type"] == "http.response.start"] == [408]
    assert [entry["event"] for entry in logged if entry["log_level"] in ("error", "critical")] == []
