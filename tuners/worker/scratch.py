"""The folder where checkpoints wait for their way to the store, and what dead workers left of theirs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_PREFIX = "headstock-worker-"


def sweep_scratch(parent: Path) -> str:
    """Remove the scratch folders of workers that are dead; the prefix for this process' own.

    The process number in the name says whose a folder is. Folders of other users are left alone.
    """
    for folder in parent.glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and _is_ours(folder) and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
    return f"{_PREFIX}{os.getpid()}-"


def _is_ours(folder: Path) -> bool:
    try:
        return not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
