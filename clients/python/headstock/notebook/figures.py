"""Pictures that the service draws, as values: shown by notebooks, saved as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from headstock.definitions import picture_format

PictureFormat = Literal["svg", "png"]
Theme = Literal["light", "dark"]


class Figure:
    """One picture. A notebook shows it; `save` writes it; `svg` and `png` are its content.

    It was drawn when it was made; the other of the two formats is drawn when it is first asked for.
    """

    def __init__(self, draw: Callable[[PictureFormat], bytes], *, kind: str, format: PictureFormat = "svg") -> None:
        self._draw = draw
        self._kind = kind
        self._shown: PictureFormat = format
        self._drawn: dict[PictureFormat, bytes] = {format: draw(format)}

    def __repr__(self) -> str:
        return f"<Figure {self._kind} {self._shown}, {len(self._drawn[self._shown]):,} bytes>"

    @property
    def svg(self) -> str:
        """As SVG text."""
        return self._content("svg").decode("utf-8")

    @property
    def png(self) -> bytes:
        """As the content of a PNG file."""
        return self._content("png")

    def save(self, path: str | Path) -> Path:
        """Write it as `.svg` or `.png`, as the file's ending says; returns the file.

        Raises:
            HeadstockError: The file's ending is none of a picture.
        """
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._content("png" if picture_format(target) == "png" else "svg"))
        return target

    def _content(self, format: PictureFormat) -> bytes:
        if format not in self._drawn:
            self._drawn[format] = self._draw(format)
        return self._drawn[format]

    # One of the two only: a notebook asks for all that there are, and each is drawn by the service.

    def _repr_svg_(self) -> str | None:
        return self.svg if self._shown == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.png if self._shown == "png" else None
