"""Project folders of Keras Tuner, packed for sending."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import IO

from headstock.errors import HeadstockError


def project_zip(folder: Path) -> IO[bytes]:
    """A temporary zip with the folder's `oracle.json` and its trials' `trial.json`: neither checkpoints nor weights.

    Raises:
        HeadstockError: The folder has no `trial_*/trial.json`.
    """
    trials = sorted(folder.glob("trial_*/trial.json"))
    if not trials:
        raise HeadstockError(f"{folder} has no trial_*/trial.json: name the project folder of a Keras Tuner search")
    file = tempfile.TemporaryFile(prefix="headstock-")  # noqa: SIM115 - closed by who asked for it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (folder / "oracle.json", *trials):
            if each.is_file():
                archive.write(each, each.relative_to(folder).as_posix())
    file.seek(0)
    return file
