"""What a watcher shows, and what it asks for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from headstock import words
from headstock.ledger import Ledger
from headstock.models import Page, TrialRecord
from headstock.progress import ProgressView
from rich.console import Console

from tests.clients.service_double import Script, client_of, epoch, ok, page, search, trial

SEARCH = "/v1/searches/s_1"


class Pages:
    """Trials served ten to a page; counts what was fetched."""

    def __init__(self, trials: list[dict[str, Any]]) -> None:
        self.trials = trials
        self.fetched: list[str | None] = []

    def __call__(self, token: str | None) -> Page[TrialRecord]:
        self.fetched.append(token)
        start = int(token or 0)
        items = [TrialRecord.model_validate(item) for item in self.trials[start : start + 10]]
        return Page(items=items, next_page_token=str(start + 10) if start + 10 < len(self.trials) else None)


def test_pages_that_cannot_change_are_not_fetched_again() -> None:
    pages = Pages([trial(number) for number in range(25)])
    ledger = Ledger(pages)
    assert [ended.number for ended in ledger.update()] == list(range(25))
    pages.fetched.clear()
    assert ledger.update() == []
    assert pages.fetched == ["20"]


def test_ended_trials_are_told_once_and_running_ones_kept() -> None:
    pages = Pages([trial(number) for number in range(12)])
    pages.trials[3] = trial(3, state="RUNNING", score=None)
    ledger = Ledger(pages)
    assert len(ledger.update()) == 11
    assert [record.number for record in ledger.running] == [3]
    pages.trials[3] = trial(3)
    pages.trials.append(trial(12, state="QUEUED"))
    assert [record.number for record in ledger.update()] == [3]
    assert ledger.running == []


def test_failed_trial_that_is_tried_again_is_noticed() -> None:
    pages = Pages([trial(number) for number in range(11)])
    pages.trials[0] = trial(0, state="FAILED", failure={"code": "crash", "message": "gone"})
    ledger = Ledger(pages)
    ledger.update()
    pages.trials[0] = trial(0)
    ledger.update()
    assert ledger.trials[0].state == "COMPLETED"


@pytest.fixture
def script() -> Script:
    running = trial(2, state="RUNNING", score=None, ended_at=None, target_epochs=9, start_epoch=3)
    starting = trial(3, state="RUNNING", score=None, ended_at=None)
    script = Script().on("GET", SEARCH, ok(search()))
    script.on("GET", f"{SEARCH}/trials", page([trial(0), trial(1), running, starting]))
    script.on("GET", "/v1/trials/t_2/epochs", page([epoch(3, val_accuracy=0.5), epoch(4, val_accuracy=0.75)]))
    return script.on("GET", "/v1/trials/t_3/epochs", page([]))


Shown = Callable[..., str]


@pytest.fixture
def shown(script: Script) -> Shown:
    """What one look prints."""

    def show(*, terminal: bool) -> str:
        text = io.StringIO()
        console = Console(file=text, force_terminal=terminal, width=120, no_color=True, legacy_windows=False)
        with ProgressView(console=console) as view:
            view.look(client_of(script).search("s_1"))
        return text.getvalue()

    return show


def test_terminal_sees_the_whole_picture(shown: Shown) -> None:
    text = shown(terminal=True)
    for part in (
        "digits-mlp",
        "RUNNING",
        "val_accuracy (max)",
        "2/4 trials",
        "1 running",
        "1 min 01 s so far",
        "59 s left",
        "trial 2",
        "epoch 5/9",
        "val_accuracy 0.7500",
        "trial 3",
        "epoch 0/10",
        "starting",
        "best so far",
        "val_accuracy 0.9750",
        "units=64",
    ):
        assert part in text


def test_elsewhere_there_is_a_line_per_ended_trial_and_no_request_for_curves(shown: Shown, script: Script) -> None:
    lines = shown(terminal=False).splitlines()
    assert lines[0].startswith("digits-mlp  RUNNING  random  val_accuracy (max)")
    assert [line.split("  ")[0] for line in lines[1:]] == ["[2/4] trial 0 completed", "[2/4] trial 1 completed"]
    assert "\x1b" not in "".join(lines)
    assert not script.to("GET", "/v1/trials/t_2/epochs")


def test_failed_trial_shows_its_reason_and_the_end_shows_the_searches(script: Script, shown: Shown) -> None:
    failure = {"code": "out_of_memory", "message": "the device [gpu:0] is full"}
    script.on("GET", f"{SEARCH}/trials", page([trial(0, state="FAILED", score=None, failure=failure)]))
    reason = {"code": "target", "message": "the target was reached"}
    script.on("GET", SEARCH, ok(search(state="COMPLETED", state_reason=reason)))
    text = shown(terminal=False)
    assert "trial 0 failed: out_of_memory: the device [gpu:0] is full" in text
    assert "COMPLETED after 1 min 01 s, best val_accuracy 0.9750: the target was reached" in text


def test_open_ended_search_claims_no_total(script: Script, shown: Shown) -> None:
    open_ended = search(planned_trials=None, progress=None, remaining_seconds=None, limits={"max_trials": None})
    script.on("GET", SEARCH, ok(open_ended))
    text = shown(terminal=True)
    assert "2 trials" in text
    assert "– left" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0.0000"), (0.97222, "0.9722"), (-12.5, "-12.5000"), (3e-7, "3.00e-07"), (2e9, "2.00e+09")],
)
def test_numbers(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3600, "1 h 00 min"), (90000, "25 h 00 min")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(None, "–"), (10, "10 B"), (2048, "2.0 KiB"), (5 * 1024**4, "5.0 TiB")])
def test_sizes(count: int | None, text: str) -> None:
    assert words.size(count) == text


def test_values_tell_their_types_apart() -> None:
    assert words.values({"a": True, "b": 1, "c": 0.00012345, "d": "relu"}) == "a=yes  b=1  c=0.0001234  d=relu"
