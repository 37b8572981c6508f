"""What a watcher knows of a search, put together from messages; and the screen drawn of it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from headstock.models import Epoch, Event, SearchRecord, TrialRecord
from headstock.terminal.board import POINTS, Board
from headstock.terminal.console import SafeConsole
from headstock.terminal.feed import Curve, Link, Read, Told
from headstock.terminal.keys import names
from headstock.terminal.screen import Looking, picture
from rich.console import Console

from tests.clients.service_double import epoch, search, trial


def record(**changes: Any) -> SearchRecord:
    return SearchRecord.model_validate(search(**changes))


def records(*trials: dict[str, Any]) -> tuple[TrialRecord, ...]:
    return tuple(TrialRecord.model_validate(each) for each in trials)


def told(trial_id: str, number: int, **metrics: float | None) -> Told:
    payload = {"number": 0, "execution": 0, "fold": None, "epoch": number, "metrics": metrics}
    return Told(Event(seq=number, kind="trial.epoch", trial_id=trial_id, payload=payload))


@pytest.fixture
def board() -> Board:
    board = Board(record())
    running = trial(3, state="RUNNING", score=None, ended_at=None)
    failed = trial(4, state="FAILED", score=None, ended_seq=3, failure={"code": "crash", "message": "gone"})
    ended = [trial(0, score=0.7, ended_seq=2), trial(1, score=0.9, ended_seq=0), trial(2, score=0.8, ended_seq=1)]
    board.take(Read(record(), records(*ended, running, failed, trial(5, state="QUEUED", score=None))))
    return board


def test_trials_are_ranked_and_put_in_order_of_ending(board: Board) -> None:
    assert [each.number for each in board.ranked] == [1, 2, 0]
    assert [each.number for each in board.recent] == [3, 4, 0, 2, 1, 5]
    scores, bests = board.history
    assert scores == [(1, 0.9), (2, 0.8), (3, 0.7)]
    assert bests == [(1, 0.9), (3, 0.9)]


def test_where_less_is_better_the_least_is_best() -> None:
    lesser = record(objective={"name": "val_loss", "direction": "min"})
    board = Board(lesser)
    board.take(Read(lesser, records(*(trial(n, score=s, ended_seq=n) for n, s in enumerate((0.5, 0.6, 0.2))))))
    assert board.best is not None
    assert board.best.number == 2
    assert board.history[1] == [(1, 0.5), (3, 0.2), (3, 0.2)]


def test_long_histories_are_thinned_and_keep_each_step_of_the_best() -> None:
    count = 20 * POINTS
    board = Board(record())
    board.take(Read(record(), records(*(trial(n, score=n / count, ended_seq=n) for n in range(count)))))
    scores, bests = board.history
    assert POINTS <= len(scores) <= 2 * POINTS
    assert len(bests) == count + 1


def test_curves_grow_by_events_and_are_told_once(board: Board) -> None:
    running = board.running[0]
    board.take(Curve("t_3", tuple(Epoch.model_validate(epoch(n, trial_id="t_3", loss=1.0 - n)) for n in range(2))))
    board.take(told("t_3", 1, loss=0.5))
    board.take(told("t_3", 2, loss=None, val_accuracy=0.4))
    assert board.curves(running, "loss") == [[(0, 1.0), (1, 0.5)]]
    assert board.last(running) == (2, {"loss": None, "val_accuracy": 0.4})
    assert board.metrics() == ["val_accuracy", "loss"]


def test_curves_of_trials_that_ended_are_dropped_but_for_the_bests(board: Board) -> None:
    for trial_id in ("t_1", "t_3", "t_0"):
        board.take(told(trial_id, 0, loss=1.0))
    board.take(Read(board.record, board.trials))
    assert [bool(board.curves(each, "loss")) for each in board.trials[:4]] == [False, True, False, True]


@pytest.mark.parametrize("view", ["trials", "best", "curves"])
@pytest.mark.parametrize(("width", "height"), [(20, 6), (60, 14), (80, 24), (132, 40), (250, 80)])
def test_screen_fits_terminals_of_any_size(board: Board, view: Any, width: int, height: int) -> None:
    board.take(told("t_3", 0, val_accuracy=0.4))
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, color_system=None)
    lines = console.render_lines(picture(board, Looking(view=view), width=width, height=height), pad=False)
    assert len(lines) <= height
    assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


def shown(board: Board, looking: Looking) -> str:
    text = io.StringIO()
    console = SafeConsole(width=130, height=40, file=text, color_system=None)
    console.print(picture(board, looking, width=130, height=40), height=40)
    return text.getvalue()


def test_screen_says_what_is_the_matter(board: Board) -> None:
    assert "crash" in shown(board, Looking())
    assert "reconnecting" not in shown(board, Looking())
    board.take(Link(up=False))
    assert "reconnecting" in shown(board, Looking())
    assert "cancel digits-mlp?" in shown(board, Looking(asking=True))
    assert "pause: done" in shown(board, Looking(notice="pause: done"))


def test_hostile_names_are_text_on_the_screen() -> None:
    board = Board(record(name="[bold red]x[/] \x1b[31m"))
    assert "[bold red]x[/]" in shown(board, Looking())
    assert "\x1b" not in shown(board, Looking())


def test_keys_have_their_names() -> None:
    assert names("q\x1b[A\x1b[6~ä\x1b") == ["q", "up", "pagedown", "ä", "\x1b"]
