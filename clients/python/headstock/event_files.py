"""TensorBoard's event files, from the zip that the service sends."""

from __future__ import annotations

import zipfile
from pathlib import Path

from headstock.errors import UnexpectedAnswer


def unpack(archive: Path, folder: Path) -> Path:
    """The folder, with the archive's files in it; files of the same names are replaced, others stay.

    Raises:
        UnexpectedAnswer: The archive is none, or would write beside the folder.
    """
    try:
        with zipfile.ZipFile(archive) as file:
            within = folder.resolve()
            for name in file.namelist():
                if not (within / name).resolve().is_relative_to(within):
                    raise UnexpectedAnswer(f"{name!r} does not belong into a folder of event files")
            file.extractall(folder)
    except zipfile.BadZipFile as error:
        raise UnexpectedAnswer("what was sent is no zip of event files") from error
    return folder
