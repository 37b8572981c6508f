"""The dashboard's static files, served under exactly the names that are there at start.

Every file is its own route: no path of a client is ever joined to a folder, so there is nothing to climb out of.
"""

from __future__ import annotations

from collections.abc import Callable
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
    return Route(address, _endpoint(path), methods=["GET"], name=f"dashboard:{address}")


def _endpoint(path: Path) -> Callable[[Request], Response]:
    def send(_request: Request) -> Response:
        # Read anew each time: the files are small, and in a checkout they change while the service runs.
        return Response(path.read_bytes(), media_type=_MEDIA_TYPES[path.suffix], headers={"Cache-Control": "no-cache"})

    return send
