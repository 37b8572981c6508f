"""Makes `.keras` files by a child process: this one never loads Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from storage.settings import Settings
from tuners.exporting import export_model


class ChildExporter:
    """Runs the tuners' exporter, which keeps what it has made for the next who asks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, resolved: dict[str, Any], weights: Path) -> Path:
        return export_model(resolved, weights, settings=self._settings)
