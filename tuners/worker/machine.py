"""How busy this machine is: its cores and memory, the GPUs of its slots, and the trainers.

What cannot be known is None: a machine without a GPU, a driver that fails, a figure that a device does not have. No
fault of a driver reaches anybody else: the sampler has a thread of its own, so that not even a call that hangs holds up
a lease.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psutil
import pynvml
import structlog

from storage.clock import Clock
from storage.workers import MachineSample, SlotSample
from tuners.trainer.devices import Place, cores

SAMPLE_S = 5.0
KEPT_SAMPLES = 60

_log = structlog.get_logger()
_T = TypeVar("_T")


class NvmlLibrary(Protocol):
    """The part of NVIDIA's management library (`pynvml`) that is used."""

    NVMLError: type[Exception]
    NVML_TEMPERATURE_GPU: int

    def nvmlInit(self) -> None: ...
    def nvmlShutdown(self) -> None: ...
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...
    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any: ...
    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any: ...
    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any: ...
    def nvmlDeviceGetTemperature(self, handle: Any, sensor: int) -> int: ...


@dataclass(frozen=True, slots=True)
class GpuFigures:
    """Of one GPU, with all programs that use it; None where the device does not tell."""

    utilisation: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    temperature_celsius: float | None


_NOTHING = GpuFigures(None, None, None, None)


class Gpus:
    """Reads GPUs by the names CUDA gives them. For one thread.

    Args:
        library: `pynvml`, or what behaves like it.
    """

    def __init__(self, library: NvmlLibrary = pynvml) -> None:
        self._library = library
        self._open = False

    def read(self, name: str) -> GpuFigures:
        """The GPU of this index or UUID. Raises nothing for what a driver can do wrong."""
        nvml = self._library
        if not self._open and not self._start():
            return _NOTHING
        handle = self._told(
            lambda: (
                nvml.nvmlDeviceGetHandleByIndex(int(name)) if name.isdecimal() else nvml.nvmlDeviceGetHandleByUUID(name)
            )
        )
        if handle is None:
            # After a driver's restart the library must be started anew.
            self.close()
            return _NOTHING
        rates = self._told(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
        memory = self._told(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
        temperature = self._told(lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        return GpuFigures(
            None if rates is None else rates.gpu / 100,
            None if memory is None else int(memory.used),
            None if memory is None else int(memory.total),
            None if temperature is None else float(temperature),
        )

    def close(self) -> None:
        if self._open:
            self._open = False
            with suppress(self._library.NVMLError):
                self._library.nvmlShutdown()

    def _start(self) -> bool:
        with suppress(self._library.NVMLError):
            self._library.nvmlInit()
            self._open = True
        return self._open

    def _told(self, ask: Callable[[], _T]) -> _T | None:
        with suppress(self._library.NVMLError):
            return ask()
        return None


class Machine:
    """Takes samples of this machine. For one thread.

    Args:
        places: Of the slots.
        gpus: Reads the places' GPUs.
    """

    def __init__(self, places: Sequence[Place], clock: Clock, gpus: Gpus) -> None:
        self._places = tuple(places)
        self._clock = clock
        self._gpus = gpus
        self._trainers: dict[int, psutil.Process] = {}
        # The first call only begins the interval that the next one is about.
        psutil.cpu_percent()
        self._first = True

    def sample(self, trainers: Sequence[int | None]) -> MachineSample:
        """How busy it is now.

        Args:
            trainers: The process id of each place's trainer, None where there is none.
        """
        memory = psutil.virtual_memory()
        cpu = round(psutil.cpu_percent() / 100, 4)
        known, self._first = not self._first, False
        living = {pid for pid in trainers if pid is not None}
        self._trainers = {pid: process for pid, process in self._trainers.items() if pid in living}
        figures = {gpu: self._gpus.read(gpu) for gpu in {place.gpu for place in self._places} if gpu is not None}
        slots = []
        for place, pid in zip(self._places, trainers, strict=True):
            used, resident = self._trainer(pid)
            if place.gpu is None:
                slots.append(SlotSample(place.number, used, resident, memory.total, None, resident))
                continue
            gpu = figures[place.gpu]
            slots.append(
                SlotSample(
                    place.number, gpu.utilisation, gpu.memory_used_bytes, gpu.memory_total_bytes,
                    gpu.temperature_celsius, resident,
                )
            )  # fmt: skip
        return MachineSample(
            self._clock.now(), cpu if known else None, memory.total - memory.available, memory.total, tuple(slots)
        )

    def close(self) -> None:
        self._gpus.close()

    def _trainer(self, pid: int | None) -> tuple[float | None, int | None]:
        """The share of the cores it has used since it was last looked at (None the first time), and its memory."""
        if pid is None:
            return 0.0, 0
        try:
            known = self._trainers.get(pid)
            if known is None or not known.is_running():
                process = self._trainers[pid] = psutil.Process(pid)
                process.cpu_percent()
                return None, int(process.memory_info().rss)
            return min(1.0, round(known.cpu_percent() / 100 / cores(), 4)), int(known.memory_info().rss)
        except psutil.Error:
            # It has just ended, or is not ours to look at.
            return None, None


class Sampler:
    """Samples this machine again and again on a thread of its own, and keeps what the last minutes brought.

    Args:
        machine: What is looked at.
        trainers: The process id of each slot's trainer, None where there is none.
        interval_s: Seconds between two samples.
    """

    def __init__(
        self, machine: Machine, trainers: Callable[[], Sequence[int | None]], *, interval_s: float = SAMPLE_S
    ) -> None:
        self._machine = machine
        self._trainers = trainers
        self._interval_s = interval_s
        self._kept: deque[MachineSample] = deque(maxlen=KEPT_SAMPLES)
        self._lock = threading.Lock()
        self._fresh = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more samples. Does not wait: a driver may hang."""
        self._stop.set()

    def take(self) -> tuple[MachineSample, ...] | None:
        """All samples, oldest first, if there is one that was not taken yet; else None."""
        with self._lock:
            if not self._fresh:
                return None
            self._fresh = False
            return tuple(self._kept)

    def give_back(self) -> None:
        """What was taken could not be stored: the next `take` gives it again."""
        with self._lock:
            self._fresh = True

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                sample = self._machine.sample(self._trainers())
                with self._lock:
                    self._kept.append(sample)
                    self._fresh = True
                self._stop.wait(self._interval_s)
            self._machine.close()
        except Exception:
            # Trials go on without figures about the machine.
            _log.exception("sampling_ended")
