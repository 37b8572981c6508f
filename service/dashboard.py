"""The dashboard's static files, served under exactly the names that are there at start.

The index names all others below `/assets/VERSION/`, where the version is a hash of everything that is served: browsers
keep them for good and ask for the index alone, and a new version has new addresses. No path of a client is ever joined
to a folder (a name is looked up among those found at start), so there is nothing to climb out of. Text goes out
compressed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from service.kept_bytes import Body

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
_KEPT_FOR_GOOD = "public, max-age=31536000, immutable"
_ASKED_EACH_TIME = "no-cache"
_CHECKOUT = Path(__file__).resolve().parent.parent / "clients" / "dashboard"


def dashboard_routes(folder: Path | None) -> list[BaseRoute]:
    """`/` for the index, `/icon.svg` (which other pages show too), and all files below `/assets/VERSION/`.

    None when there is no dashboard.

    Args:
        folder: Where it lies; None looks beside the code, as in a checkout.
    """
    root = (folder or _CHECKOUT).resolve()
    if not (root / "index.html").is_file():
        return []
    site = _Site(root)
    routes: list[BaseRoute] = [
        Route("/", site.index, methods=["GET"], name="dashboard:index"),
        Route("/assets/{version}/{name:path}", site.asset, methods=["GET"], name="dashboard:assets"),
    ]
    if icon := site.files.get("icon.svg"):
        routes.append(Route("/icon.svg", icon.send, methods=["GET"], name="dashboard:icon"))
    return routes


class _File:
    """One file, read anew when it has changed, as files of a checkout may. Safe for threads: two first requests at once
    do the same work twice.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[tuple[int, int], Body] | None = None

    def body(self) -> Body:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if self._known is None or self._known[0] != stamp:
            suffix = self._path.suffix
            body = Body.of(self._path.read_bytes(), _MEDIA_TYPES[suffix], packs=suffix not in _PACKED)
            self._known = (stamp, body)
        return self._known[1]

    def send(self, request: Request) -> Response:
        return self.body().answer(request, cache=_ASKED_EACH_TIME)


@dataclass(frozen=True, slots=True)
class _Version:
    """What all files are together: a name for it, and the hash of each by its name."""

    name: str
    tags: Mapping[str, str]


class _Site:
    """All files of the dashboard, and the version that they are together. Safe for threads, as a file is."""

    def __init__(self, root: Path) -> None:
        self.files = {
            path.relative_to(root).as_posix(): _File(path)
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.suffix in _MEDIA_TYPES and _is_shown(path, root)
        }
        self._index = (root / "index.html").read_text
        self._latest = _Version("", {})

    def index(self, request: Request) -> Response:
        version = self._version_now().name
        page = self._index("utf-8")
        for name in self.files:
            page = page.replace(f'"{name}"', f'"/assets/{version}/{name}"')
        return Body.of(page.encode(), _MEDIA_TYPES[".html"], packs=False).answer(request, cache=_ASKED_EACH_TIME)

    def asset(self, request: Request) -> Response:
        name: str = request.path_params["name"]
        if name not in self.files:
            raise HTTPException(404)
        version, asked = self._latest, request.path_params["version"]
        if version.name != asked:
            # Another process may have handed out the page.
            version = self._version_now()
        body = self.files[name].body()
        # A page that an older version handed out gets what there is now, and keeps it no longer.
        meant = version.name == asked and version.tags[name] == body.tag
        return body.answer(request, cache=_KEPT_FOR_GOOD if meant else _ASKED_EACH_TIME)

    def _version_now(self) -> _Version:
        tags = {name: file.body().tag for name, file in self.files.items()}
        listed = " ".join(f"{name} {tag}" for name, tag in tags.items())
        self._latest = _Version(hashlib.sha256(listed.encode()).hexdigest()[:16], tags)
        return self._latest


def _is_shown(path: Path, root: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(root).parts)
