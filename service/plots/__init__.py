"""Pictures of a search: what each kind shows, gathered as plain data. A child process draws it (`tuners.pictures`)."""

from __future__ import annotations

from storage.clock import Clock
from storage.settings import Settings
from tuners.pictures.client import Painter


def make_painter(settings: Settings, clock: Clock) -> Painter:
    """A painter with its font list in the data folder, whose children end when the planner's would."""
    return Painter(clock, cache_dir=settings.data_dir / "matplotlib", idle_s=settings.planner_idle_s)
