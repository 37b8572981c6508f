"""The child that reads data: one request on standard input, one reply on standard output.

It runs apart from the API because what it reads may be hostile or huge: limits are set before the first library that
parses anything is loaded, and whatever happens to this process happens to nobody else.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import DatasetUnavailable, InvalidDataset
from tuners.datasets.wire import Fault, Meta, Reply, Request, UploadRequest, rejection

if TYPE_CHECKING:
    from tuners.datasets.cells import Source

_MAX_REQUEST_BYTES = 1 << 16


def main() -> int:
    request = Request.model_validate_json(sys.stdin.buffer.read(_MAX_REQUEST_BYTES))
    # Libraries print (Keras shows a progress bar); the reply must stay alone on its channel.
    channel = os.dup(1)
    os.dup2(2, 1)
    if isinstance(request.work, UploadRequest):
        _limit(request.work)
    with open(channel, "wb") as out:
        out.write(_answer(request).model_dump_json().encode())
    return 0


def _answer(request: Request) -> Reply:
    try:
        return Reply(meta=_work(request))
    except InvalidDataset as error:
        return _faults(error)
    except DatasetUnavailable as error:
        return Reply(unavailable=error.message)
    except MemoryError:
        return _faults(rejection("too_large", "Reading the file takes more memory than is allowed."))
    except OSError as error:
        if error.errno == errno.EFBIG:
            return _faults(rejection("too_large", "The file's arrays are larger than is allowed."))
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Reply(no_space=True)
        raise


def _work(request: Request) -> Meta:
    # Imported here: numpy must be loaded after the limits are set.
    from tuners.datasets.prepare import prepare

    folder = Path(request.folder)
    work = request.work
    with tempfile.TemporaryDirectory(prefix="raw-", dir=folder.parent) as name:
        scratch = Path(name)
        if not isinstance(work, UploadRequest):
            from tuners.datasets.builtin import load_builtin

            item, raw = load_builtin(work.name, downloads=work.downloads)
            return prepare(raw, folder, task=item.task, scale=item.scale)
        if work.file_format == "npz":
            from tuners.datasets.parse_npz import parse_npz

            raw = parse_npz(Path(work.path), scratch, max_bytes=work.max_bytes)
        elif work.file_format == "zip":
            from tuners.datasets.parse_images import parse_images

            raw = parse_images(
                Path(work.path), scratch, size=work.image_size, color=work.color, max_bytes=work.max_bytes
            )
        else:
            from tuners.datasets.tables import read_table

            raw = read_table(_table(work), scratch, work)
        return prepare(raw, folder, task=work.task, scale=work.scale)


def _table(work: UploadRequest) -> Source:
    if work.file_format == "parquet":
        from tuners.datasets.parse_parquet import ParquetSource

        return ParquetSource(Path(work.path), max_bytes=work.max_bytes)
    from tuners.datasets.parse_csv import CsvSource

    return CsvSource(Path(work.path), long_cells=work.text is not None)


def _limit(work: UploadRequest) -> None:
    """Ends this process when it computes too long; makes allocations and files beyond the limits fail."""
    _set(resource.RLIMIT_CPU, work.max_cpu_s)
    _set(resource.RLIMIT_FSIZE, work.max_bytes + (1 << 20))
    _set(resource.RLIMIT_CORE, 0)
    # Its own memory is bounded tightly; its address space also holds the mapped arrays, raw and finished.
    _set(resource.RLIMIT_DATA, work.max_memory_bytes)
    _set(resource.RLIMIT_AS, work.max_memory_bytes + (2 << 30) + 2 * work.max_bytes)


def _set(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (limit, limit))


def _faults(error: InvalidDataset) -> Reply:
    return Reply(
        faults=tuple(Fault(pointer=fault.pointer, code=fault.code, detail=fault.detail) for fault in error.faults)
    )


if __name__ == "__main__":
    sys.exit(main())
