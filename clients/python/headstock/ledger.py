"""What a watcher knows of a search's trials, kept up to date with few requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from headstock.models import Page, TrialRecord

Fetch = Callable[[str | None], Page[TrialRecord]]


@dataclass(slots=True)
class _KnownPage:
    token: str | None
    settled: bool = False


@dataclass(slots=True)
class Ledger:
    """All trials by number. Pages on which every trial has ended are not fetched again, so that watching a search of
    ten thousand trials costs a request or two per look."""

    fetch: Fetch
    trials: dict[int, TrialRecord] = field(default_factory=dict)
    _pages: list[_KnownPage] = field(default_factory=lambda: [_KnownPage(None)])

    def update(self) -> list[TrialRecord]:
        """Read what may have changed; returns the trials that have ended since the last look, by number."""
        ended: list[TrialRecord] = []
        index = 0
        while index < len(self._pages):
            known = self._pages[index]
            index += 1
            if known.settled:
                continue
            page = self.fetch(known.token)
            for trial in page.items:
                before = self.trials.get(trial.number)
                if trial.ended and (before is None or not before.ended):
                    ended.append(trial)
                self.trials[trial.number] = trial
            if page.next_page_token is None:
                continue
            # A failed trial may be tried again on request, so FAILED ones are looked at until the search ends.
            known.settled = all(trial.ended and trial.state != "FAILED" for trial in page.items)
            if index == len(self._pages):
                self._pages.append(_KnownPage(page.next_page_token))
        return ended

    @property
    def running(self) -> list[TrialRecord]:
        """Trials that were running at the last look, by number."""
        return [trial for trial in self.trials.values() if trial.state == "RUNNING"]

    def by_id(self, trial_id: str) -> TrialRecord | None:
        return next((trial for trial in self.trials.values() if trial.id == trial_id), None)
