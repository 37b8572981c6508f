"""Trainers as child processes: their messages, their prints, their ends. The children are small programs, not Keras."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest

from tests.waiting import wait_until
from tuners.launchers.base import TrainerEvent, TrainerExited, TrainerGarbled
from tuners.launchers.local import LOG_BYTES, LocalLauncher, LocalTrainer
from tuners.trainer.protocol import EndTrial, Notice, Quit

Start = Callable[[str], tuple[LocalTrainer, "Queue[TrainerEvent]"]]

PRELUDE = """
import json, os, signal, subprocess, sys
options = dict(zip(sys.argv[1::2], map(int, sys.argv[2::2])))
orders = os.fdopen(options["--orders"], "rb")
reports = os.fdopen(options["--reports"], "wb", buffering=0)
def say(text):
    reports.write(json.dumps({"type": "notice", "trial_id": "t", "attempt": 1, "code": "c", "message": text}).encode())
    reports.write(b"\\n")
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    trainers: list[LocalTrainer] = []

    def starting(program: str) -> tuple[LocalTrainer, Queue[TrainerEvent]]:
        file = tmp_path / f"child{len(trainers)}.py"
        file.write_text(PRELUDE + textwrap.dedent(program))
        launcher = LocalLauncher(
            slots=1, backend="tensorflow", environment=os.environ, command=(sys.executable, str(file))
        )
        events: Queue[TrainerEvent] = Queue()
        trainer = launcher.start(launcher.places[0], events.put)
        trainers.append(trainer)
        return trainer, events

    yield starting
    for trainer in trainers:
        trainer.close()


def message(events: Queue[TrainerEvent]) -> str:
    event = events.get(timeout=20)
    assert isinstance(event, Notice)
    return event.message


def test_orders_and_reports_go_through_and_the_end_comes_last(start: Start) -> None:
    trainer, events = start("""
        for line in orders:
            say(json.loads(line)["type"])
            if b"quit" in line:
                sys.exit(3)
    """)
    trainer.send(EndTrial("t", 1, "stop"))
    trainer.send(Quit())
    assert [message(events), message(events)] == ["end", "quit"]
    assert events.get(timeout=20) == TrainerExited(3)


def test_prints_are_kept_to_the_last_64_kib(start: Start) -> None:
    trainer, events = start("""
        print("early")
        print("x" * 200_000)
        print("\\0late", file=sys.stderr)
    """)
    assert events.get(timeout=20) == TrainerExited(0)
    log = trainer.log()
    assert len(log) <= LOG_BYTES
    assert "early" not in log
    assert "late" in log
    assert "\0" not in log
    trainer.begin_log()
    assert trainer.log() == ""


def test_kill_takes_the_whole_group(start: Start) -> None:
    trainer, events = start("""
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        say(str(child.pid))
        signal.pause()
    """)
    grandchild = int(message(events))
    trainer.kill()
    assert events.get(timeout=20) == TrainerExited(-9)
    wait_until(lambda: not _runs(grandchild), timeout_s=10)


def test_descendants_do_not_outlive_a_trainer_that_ends_by_itself(start: Start) -> None:
    _, events = start("""
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        say(str(child.pid))
        os.abort()
    """)
    grandchild = int(message(events))
    assert events.get(timeout=20) == TrainerExited(-6)
    wait_until(lambda: not _runs(grandchild), timeout_s=10)


def test_nonsense_is_told_once_and_not_read_on(start: Start) -> None:
    trainer, events = start("""
        reports.write(b"not json\\n")
        say("never heard")
        orders.read()
    """)
    assert isinstance(events.get(timeout=20), TrainerGarbled)
    trainer.kill()
    assert events.get(timeout=20) == TrainerExited(-9)


def test_line_cut_off_by_a_crash_is_no_nonsense(start: Start) -> None:
    _, events = start("""
        reports.write(b'{"type":"not')
        os.kill(os.getpid(), 11)
    """)
    assert events.get(timeout=20) == TrainerExited(-11)


def test_trainer_that_does_not_read_holds_nobody_up(start: Start) -> None:
    trainer, events = start("""
        say("here")
        signal.pause()
    """)
    assert message(events) == "here"
    for _ in range(1000):
        trainer.send(EndTrial("t" * 1000, 1, "stop"))
    trainer.close()
    assert events.get(timeout=20) == TrainerExited(-9)


def test_ended_trainer_may_be_ended_again(start: Start) -> None:
    trainer, events = start("say('here')")
    assert message(events) == "here"
    assert events.get(timeout=20) == TrainerExited(0)
    trainer.kill()
    trainer.send(Quit())
    trainer.close()
    assert events.empty()


def test_children_see_only_their_own_pipes(start: Start) -> None:
    """An end of another trainer's pipe in a child would keep that pipe open when its worker dies."""
    start("orders.read()")
    _, events = start("say(str(len(os.listdir('/proc/self/fd'))))")
    # Three standard streams, two pipes, and the one that lists them.
    assert message(events) == "6"


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
