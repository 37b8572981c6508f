"""What is sent of a project folder of Keras Tuner."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from headstock.errors import HeadstockError
from headstock.projects import project_zip


def test_only_the_documents_are_sent(tmp_path: Path) -> None:
    for name in ("oracle.json", "tuner0.json", "trial_00/trial.json", "trial_00/checkpoint.weights.h5", "x/trial.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    with project_zip(tmp_path) as content, zipfile.ZipFile(content) as archive:
        assert sorted(archive.namelist()) == ["oracle.json", "trial_00/trial.json"]


def test_a_folder_without_trials_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeadstockError, match="trial_"):
        project_zip(tmp_path)
