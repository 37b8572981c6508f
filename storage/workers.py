"""Records of workers and of how busy their machines are. Frozen value objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.ids import TrialId, WorkerId


@dataclass(frozen=True, slots=True)
class Slot:
    """One training place of a worker."""

    number: int
    device: str
    trial_id: TrialId | None


@dataclass(frozen=True, slots=True)
class SlotSample:
    """How busy the device of one slot was; None where that is unknown.

    Attributes:
        utilisation: Of its GPU, 0 to 1; on the CPU the share of the machine's cores that its trainer used.
        memory_used_bytes: Of its GPU, by all programs; on the CPU the resident memory of its trainer.
        memory_total_bytes: Of its GPU; on the CPU the machine's.
        temperature_celsius: Of its GPU.
        trainer_bytes: Resident memory of its trainer, which lies in the machine's memory whatever the device.
    """

    number: int
    utilisation: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_celsius: float | None = None
    trainer_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class MachineSample:
    """How busy a worker's machine was at one moment, by the worker's own clock; None where that is unknown.

    Attributes:
        cpu: Share of all cores in use since the sample before, 0 to 1, by all programs.
        memory_used_bytes: Main memory that could not be had for the asking.
        memory_total_bytes: Main memory.
    """

    recorded_at: datetime
    cpu: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    slots: tuple[SlotSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that runs trials.

    Attributes:
        samples: How busy its machine was, oldest first: the last minutes, as its heartbeat brought them.
    """

    id: WorkerId
    name: str
    host: str
    pid: int
    backend: str
    slots: tuple[Slot, ...]
    versions: Mapping[str, str]
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    samples: tuple[MachineSample, ...] = ()
