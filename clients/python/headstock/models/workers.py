"""Workers, and how busy their machines are."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from headstock.models.base import Model


class Slot(Model):
    """One training place of a worker, and how busy its device is; what is unknown is None.

    Attributes:
        trial_id: None when it is free, or trains for somebody else.
        utilisation: Of its GPU, 0 to 1; on the CPU the share of the machine's cores that its trainer uses.
        memory_used_bytes: Of its GPU, by all programs; on the CPU of its trainer.
        memory_total_bytes: Of its GPU; on the CPU of the machine.
        trainer_bytes: Main memory of its trainer.
    """

    number: int
    device: str
    busy: bool = False
    trial_id: str | None = None
    utilisation: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_celsius: float | None = None
    trainer_bytes: int | None = None


class SlotSample(Model):
    """How busy a slot's device was at one moment."""

    number: int
    utilisation: float | None = None
    memory_used_bytes: int | None = None


class MachineSample(Model):
    """How busy a worker's machine was at one moment.

    Attributes:
        cpu: Share of all cores in use, 0 to 1.
    """

    recorded_at: datetime
    cpu: float | None = None
    memory_used_bytes: int | None = None
    slots: list[SlotSample] = Field(default_factory=list)


class Worker(Model):
    """A process that runs trials, and how busy its machine is as last sampled.

    Attributes:
        cpu: Share of the machine's cores in use by all programs, 0 to 1.
        samples: The last minutes, oldest first, as many as were asked for.
    """

    id: str
    name: str
    host: str
    pid: int | None = None
    backend: str | None = None
    slots: list[Slot] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)
    cpu: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    sampled_at: datetime | None = None
    samples: list[MachineSample] = Field(default_factory=list)
    started_at: datetime | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None
