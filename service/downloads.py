"""Files sent piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from fastapi.responses import StreamingResponse

_CHUNK_BYTES = 1 << 20


def download(path: Path, *, name: str, media_type: str = "application/octet-stream") -> StreamingResponse:
    """The file as an attachment.

    Args:
        name: What a browser saves it as; made of our own words and numbers, since client text never reaches a header.
    """
    # Opened before the answer begins: files that are used no more may be removed to make room.
    file = path.open("rb")
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(os.fstat(file.fileno()).st_size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
