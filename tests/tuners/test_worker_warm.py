"""Which trainer process serves whom: one that has run an owner's code trains nobody else's trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from storage.settings import Settings
from tests.tuners.trainer_doubles import job, resolved
from tuners.launchers.base import TrainerEvent
from tuners.trainer.devices import Place
from tuners.trainer.protocol import ToTrainer
from tuners.worker.warm import WarmTrainer


@dataclass
class Process:
    """A trainer that only listens."""

    pid: int = 1
    closed: bool = False
    sent: list[ToTrainer] = field(default_factory=list)

    def send(self, message: ToTrainer) -> None:
        self.sent.append(message)

    def kill(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True

    def begin_log(self) -> None: ...

    def log(self) -> str:
        return ""


@dataclass
class Processes:
    """A launcher of them."""

    started: list[Process] = field(default_factory=list)

    @property
    def places(self) -> tuple[Place, ...]:
        return (Place(0, None),)

    def start(self, place: Place, deliver: Callable[[TrainerEvent], None]) -> Process:
        self.started.append(Process())
        return self.started[-1]


@pytest.fixture
def processes() -> Processes:
    return Processes()


@pytest.fixture
def trainer(processes: Processes) -> WarmTrainer:
    warm = WarmTrainer(processes, Place(0, None), Settings(), lambda event, number: None)
    assert warm.start()
    return warm


def run(trainer: WarmTrainer, folder: Path, owner: str, **model: Any) -> None:
    trainer.reserve_for(owner)
    assert trainer.start()
    trainer.begin(
        job(folder, resolved=resolved(**({"model": {"type": "builder", **model}} if model else {}))), owner=owner
    )
    trainer.over(100.0)


def test_trials_without_code_share_a_process(trainer: WarmTrainer, processes: Processes, tmp_path: Path) -> None:
    for owner in ("ada", "bob", "ada"):
        run(trainer, tmp_path, owner)
    run(trainer, tmp_path, "bob", builder="registered")
    run(trainer, tmp_path, "ada")
    assert len(processes.started) == 1


def test_code_keeps_its_process_to_its_owner(trainer: WarmTrainer, processes: Processes, tmp_path: Path) -> None:
    run(trainer, tmp_path, "ada", code="import keras", entry="build")
    run(trainer, tmp_path, "ada", code="import keras", entry="build")
    run(trainer, tmp_path, "ada")
    assert len(processes.started) == 1
    run(trainer, tmp_path, "bob")
    first, second = processes.started
    assert first.closed
    assert not second.closed
    assert len(second.sent) == 1
    run(trainer, tmp_path, "ada")
    assert len(processes.started) == 2
