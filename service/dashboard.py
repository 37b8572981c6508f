"""The dashboard's static files, served under exactly the names that are there at start.

Every file is its own route: no path of a client is ever joined to a folder, so there is nothing to climb out of.
Browsers ask each time and are mostly answered that nothing has changed (304); text goes out compressed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
# These are compressed already.
_PACKED = frozenset({".png", ".ico"})
_SMALLEST_PACKED_BYTES = 512
_CHECKOUT = Path(__file__).resolve().parent.parent / "clients" / "dashboard"


def dashboard_routes(folder: Path | None) -> list[BaseRoute]:
    """One route per file of the dashboard, and `/` for its index; none when there is no dashboard.

    Args:
        folder: Where it lies; None looks beside the code, as in a checkout.
    """
    root = (folder or _CHECKOUT).resolve()
    if not (root / "index.html").is_file():
        return []
    routes: list[BaseRoute] = [_route("/", root / "index.html")]
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path.is_file() and not path.is_symlink() and not hidden and path.suffix in _MEDIA_TYPES:
            routes.append(_route(f"/{inside.as_posix()}", path))
    return routes


def _route(address: str, path: Path) -> Route:
    return Route(address, _File(path).send, methods=["GET"], name=f"dashboard:{address}")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a file's content while its time and size stay what they are."""

    stamp: tuple[int, int]
    tag: str
    packed: bytes | None


class _File:
    """One file. Safe for threads: two first requests at once do the same work twice."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: _Known | None = None

    def send(self, request: Request) -> Response:
        # Looked at anew each time: in a checkout files change while the service runs.
        with self._path.open("rb") as file:
            status = os.fstat(file.fileno())
            stamp = (status.st_mtime_ns, status.st_size)
            known, content = self._known, None
            if known is None or known.stamp != stamp:
                content = file.read()
                known = self._known = self._learnt(stamp, content)
            packed = known.packed if accepts_gzip(request.headers.get("accept-encoding", "")) else None
            # The two forms are different answers, and have different tags.
            tag = f'"{known.tag}"' if packed is None else f'"{known.tag}-gzip"'
            headers = {"Cache-Control": "no-cache", "ETag": tag}
            if known.packed is not None:
                headers["Vary"] = "Accept-Encoding"
            if is_current(request.headers.get("if-none-match", ""), tag):
                return Response(status_code=304, headers=headers)
            if packed is not None:
                headers["Content-Encoding"] = "gzip"
                content = packed
            elif content is None:
                content = file.read()
        return Response(content, media_type=_MEDIA_TYPES[self._path.suffix], headers=headers)

    def _learnt(self, stamp: tuple[int, int], content: bytes) -> _Known:
        packed = None
        if self._path.suffix not in _PACKED and len(content) >= _SMALLEST_PACKED_BYTES:
            # The same bytes each time, and so the same tag in each process: no time of packing in it.
            packed = gzip.compress(content, mtime=0)
        return _Known(stamp, hashlib.sha256(content).hexdigest()[:32], packed)


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` header takes gzip (RFC 9110, section 12.5.3)."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        try:
            weights[name.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def is_current(header: str, tag: str) -> bool:
    """Whether an `If-None-Match` header names the tag; marks of weak comparison do not matter (RFC 9110, 13.1.2)."""
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return tag in named or "*" in named
