"""The examples in their short form: each runs as its files stand, and leaves its page of tables and pictures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.works import WORKS

pytestmark = [pytest.mark.keras, pytest.mark.examples, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages that `python -m examples --short` leaves, by name."""
    folder = tmp_path_factory.mktemp("examples")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "examples",
            "--short",
            "--to",
            str(folder / "pages"),
            "--data-dir",
            str(folder / "data"),
        ],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if not key.startswith("HEADSTOCK_")},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return {page.stem: page.read_text("utf-8") for page in (folder / "pages").glob("*.md")} | {
        picture.name: picture.read_text("utf-8") for picture in (folder / "pages").glob("*.svg")
    }


@pytest.mark.parametrize("name", [work.name for work in WORKS])
def test_each_ends_in_a_table_or_a_picture(pages: dict[str, str], name: str) -> None:
    page = pages[name]
    pictures = re.findall(r"!\[.+\]\((.+\.svg)\)", page)
    assert pictures or "| --- |" in page
    for picture in pictures:
        assert "<svg" in pages[picture]


@pytest.mark.parametrize("name", ["03-perturb", "04-random-cross-validated", "07-hyperband", "08-scikit-learn"])
def test_the_best_is_retrained_and_tested(pages: dict[str, str], name: str) -> None:
    accuracy = re.search(r"Test accuracy (0\.\d+) on 360 rows", pages[name])
    assert accuracy is not None
    assert 0.0 < float(accuracy[1]) <= 1.0


def test_every_definition_is_run(pages: dict[str, str]) -> None:
    files = {file.name for file in (ROOT / "examples").glob("*.json")}
    assert len(files) >= 13
    assert files == {name for page in pages.values() for name in re.findall(r"`examples/([\w-]+\.json)`", page)}
