"""docs/settings.md names every setting with its default and its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from storage.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()


@pytest.mark.parametrize(("name", "field"), Settings.model_fields.items())
def test_every_setting_has_its_row(name: str, field: FieldInfo) -> None:
    assert row(name, field) in PAGE.splitlines()


def test_no_row_is_left_of_a_setting_that_is_gone() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `HEADSTOCK_")]
    assert len(rows) == len(Settings.model_fields)


def row(name: str, field: FieldInfo) -> str:
    default = field.default if field.default != "" else "empty"
    return f"| `HEADSTOCK_{name.upper()}` | `{default}` | {field.description} |"
