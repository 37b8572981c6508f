"""What a worker tells of its machine: the real processor and memory, and GPUs through a library that may fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from storage.clock import ManualClock, SystemClock
from storage.workers import SlotSample
from tests.tuners.scripted_trainers import ScriptedLauncher, complete
from tests.tuners.worker_scene import Scene
from tests.waiting import wait_until
from tuners.trainer.devices import Place
from tuners.worker.machine import KEPT_SAMPLES, GpuFigures, Gpus, Machine, Sampler

CPU = Place(0, None)


class DriverFault(Exception):
    pass


class Driver:
    """Stands in for a driver with one GPU, of which everything can be taken away. No machine of the tests has one."""

    def __init__(self) -> None:
        self.NVMLError: type[Exception] = DriverFault
        self.NVML_TEMPERATURE_GPU = 0
        self.missing: set[str] = set()
        self.started = 0
        self.stopped = 0

    def nvmlInit(self) -> None:
        self._there("driver")
        self.started += 1

    def nvmlShutdown(self) -> None:
        self.stopped += 1
        self._there("driver")

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:
        self._there("device" if index == 0 else "other")
        return "GPU-1a2b"

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        self._there("device")
        return uuid

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> Any:
        self._there("utilisation")
        return SimpleNamespace(gpu=87, memory=40)

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:
        self._there("memory")
        return SimpleNamespace(used=3 * 2**30, total=80 * 2**30, free=77 * 2**30)

    def nvmlDeviceGetTemperature(self, handle: str, sensor: int) -> int:
        self._there("temperature")
        return 61

    def _there(self, what: str) -> None:
        if self.missing & {what, "driver"}:
            raise self.NVMLError(what)


FULL = GpuFigures(0.87, 3 * 2**30, 80 * 2**30, 61.0)
NOTHING = GpuFigures(None, None, None, None)


@pytest.mark.parametrize("name", ["0", "GPU-1a2b"])
def test_a_gpu_is_found_by_index_and_by_uuid(name: str) -> None:
    assert Gpus(Driver()).read(name) == FULL


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("utilisation", GpuFigures(None, 3 * 2**30, 80 * 2**30, 61.0)),
        ("memory", GpuFigures(0.87, None, None, 61.0)),
        ("temperature", GpuFigures(0.87, 3 * 2**30, 80 * 2**30, None)),
        ("device", NOTHING),
        ("driver", NOTHING),
    ],
)
def test_what_a_driver_does_not_tell_is_unknown(missing: str, told: GpuFigures) -> None:
    driver = Driver()
    driver.missing = {missing}
    assert Gpus(driver).read("0") == told


def test_a_driver_that_was_restarted_is_asked_anew() -> None:
    driver = Driver()
    gpus = Gpus(driver)
    assert gpus.read("0") == FULL
    driver.missing = {"driver"}
    assert gpus.read("0") == gpus.read("0") == NOTHING
    driver.missing = set()
    assert gpus.read("0") == FULL
    assert (driver.started, driver.stopped) == (2, 1)


def test_slots_on_one_gpu_share_its_figures_and_have_their_own_trainers() -> None:
    machine = Machine([Place(0, "0"), Place(1, "0"), Place(2, None)], ManualClock(SystemClock().now()), Gpus(Driver()))
    first, second, third = machine.sample([None, os.getpid(), None]).slots
    assert first == SlotSample(0, 0.87, 3 * 2**30, 80 * 2**30, 61.0, 0)
    assert (second.utilisation, second.temperature_celsius) == (0.87, 61.0)
    assert (second.trainer_bytes or 0) > 10 * 2**20
    assert (third.utilisation, third.memory_used_bytes) == (0.0, 0)


def test_the_second_sample_says_how_busy_the_cores_were() -> None:
    clock = ManualClock(SystemClock().now())
    machine = Machine([CPU], clock, Gpus(Driver()))
    first = machine.sample([os.getpid()])
    # Work enough to be measured: the clock of processor time has steps of ten milliseconds.
    until = os.times().user + 0.1
    while os.times().user < until:
        sum(range(10_000))
    second = machine.sample([os.getpid()])
    assert (first.cpu, first.slots[0].utilisation) == (None, None)
    assert second.recorded_at == clock.now()
    assert 0 < (second.cpu or 0) <= 1
    assert 0 < (second.slots[0].utilisation or 0) <= 1
    assert 0 < (second.memory_used_bytes or 0) < (second.memory_total_bytes or 0)
    assert 0 < (second.slots[0].memory_used_bytes or 0) < (second.slots[0].memory_total_bytes or 0)


def test_a_trainer_that_is_gone_is_unknown() -> None:
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    (slot,) = Machine([CPU], SystemClock(), Gpus(Driver())).sample([pid]).slots
    assert (slot.utilisation, slot.trainer_bytes) == (None, None)


def test_only_the_last_samples_are_kept_and_each_is_given_once() -> None:
    sampler = Sampler(Machine([CPU], SystemClock(), Gpus(Driver())), lambda: [None], interval_s=0.0001)
    assert sampler.take() is None
    sampler.start()
    taken = wait_until(lambda: (samples := sampler.take()) and len(samples) == KEPT_SAMPLES and samples, timeout_s=10)
    sampler.stop()
    assert sorted(taken, key=lambda sample: sample.recorded_at) == list(taken)
    sampler.give_back()
    assert len(sampler.take() or ()) == KEPT_SAMPLES
    assert sampler.take() is None


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def test_the_heartbeat_brings_the_samples(scene: Scene) -> None:
    with scene.working(ScriptedLauncher(complete, slots=2), sample_s=0.02):
        sample = wait_until(
            lambda: next((w.samples[-1] for w in scene.repository.list_workers() if len(w.samples) > 2), None),
            timeout_s=20,
        )
    assert 0 <= (sample.cpu or 0) <= 1
    assert [slot.number for slot in sample.slots] == [0, 1]
    assert scene.repository.list_workers(include_ended=True)[0].samples == ()
