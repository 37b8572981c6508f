"""Pictures that the service draws, as values: shown by notebooks, saved as files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import get_args

from headstock._async._http import AsyncHttp
from headstock._async._seam import in_thread
from headstock._wire import QueryValue, segment
from headstock.definitions import PictureFormat, Theme, picture_format
from headstock.errors import HeadstockError

DRAW_TIMEOUT_S = 120.0


class AsyncFigure:
    """One picture, drawn by the service. A notebook shows it, `save` writes it; its content is `svg` and `png`.

    It was drawn in one format when it was made; the other one is drawn when it is first asked for.
    """

    def __init__(
        self,
        draw: Callable[[PictureFormat], Awaitable[bytes]],
        *,
        kind: str,
        format: PictureFormat,
        content: bytes,
    ) -> None:
        self._draw = draw
        self._kind = kind
        self._shown: PictureFormat = format
        self._drawn: dict[PictureFormat, bytes] = {format: content}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._kind} {self._shown}, {len(self._drawn[self._shown]):,} bytes>"

    async def svg(self) -> str:
        """As SVG text."""
        content = await self._content("svg")
        return content.decode("utf-8")

    async def png(self) -> bytes:
        """As the content of a PNG file."""
        return await self._content("png")

    async def save(self, path: str | Path) -> Path:
        """Write it as `.svg` or `.png`, as the file's ending says; returns the file.

        Raises:
            HeadstockError: The file's ending is none of a picture.
        """
        target = Path(path)
        content = await self._content(picture_format(target))
        await in_thread(_write, target, content)
        return target

    async def _content(self, format: PictureFormat) -> bytes:
        if format not in self._drawn:
            self._drawn[format] = await self._draw(format)
        return self._drawn[format]

    # One of the two only: a notebook asks for all that there are, and each is drawn by the service.

    def _repr_svg_(self) -> str | None:
        return self._drawn["svg"].decode("utf-8") if self._shown == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self._drawn["png"] if self._shown == "png" else None


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


async def drawn(
    http: AsyncHttp,
    search_id: str,
    kind: str,
    *,
    query: Mapping[str, QueryValue | list[str]],
    format: PictureFormat,
    theme: Theme,
) -> AsyncFigure:
    """A picture of a search or job, drawn now.

    Raises:
        HeadstockError: There is no such format.
        ApiError: The service refused to draw it.
    """
    if format not in get_args(PictureFormat):
        raise HeadstockError(f"{format!r} is no format of a picture; these are: svg, png")

    async def draw(wanted: PictureFormat) -> bytes:
        answer = await http.send(
            "GET",
            f"/v1/searches/{segment(search_id)}/plots/{segment(kind)}",
            query={**query, "format": wanted, "theme": theme},
            headers={"Accept": "*/*"},
            repeatable=True,
            timeout_s=DRAW_TIMEOUT_S,
        )
        return answer.content

    return AsyncFigure(draw, kind=kind, format=format, content=await draw(format))
