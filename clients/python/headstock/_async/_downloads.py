"""Files from the service: written beside their place, then moved, so that a half file never has the final name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from headstock._async._http import AsyncHttp
from headstock._wire import QueryValue

READ_TIMEOUT_S = 120.0


async def download(
    http: AsyncHttp,
    path: str,
    target: Path,
    *,
    query: Mapping[str, QueryValue | list[str]] | None = None,
    suffixes: Sequence[str] = (),
) -> Path:
    """Stream an answer into `target` (replaced if it exists); returns it.

    Args:
        suffixes: What kinds of file the answer may be. Then `target` has no suffix of its own: it gets the one that
            the service names, or the first of these when it names none of them.

    Raises:
        ApiError: The service refused. Nothing was written.
        Unreachable: The connection broke. Nothing is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            headers = {"Accept": "*/*"}
            async with http.stream(path, query=query, headers=headers, read_timeout_s=READ_TIMEOUT_S) as response:
                if suffixes:
                    target = target.with_name(target.name + _suffix(response.headers, suffixes))
                async for chunk in response.aiter_bytes():
                    file.write(chunk)
        # mkstemp makes files for the owner alone; a result is as readable as any other file of theirs.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return target


def _suffix(headers: Mapping[str, str], suffixes: Sequence[str]) -> str:
    # Only the end of the name, and only a known one: where a file goes is for the caller to say.
    named = headers.get("Content-Disposition", "").rstrip('"')
    return next((suffix for suffix in suffixes if named.endswith(suffix)), suffixes[0])
