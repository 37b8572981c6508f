"""Workers: who trains, what each slot does, and how busy the machine is."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from service.schemas.base import Schema, Time
from storage.workers import MachineSample, SlotSample, Worker

_UTILISATION = (
    "0 to 1: of its GPU; on the CPU, the share of the machine's cores that its trainer uses. Null if unknown."
)
_MEMORY_USED = "Of its GPU, by all programs; on the CPU, of its trainer. Null if unknown."


class SlotOut(Schema):
    number: int
    device: str
    busy: bool
    trial_id: str | None = Field(description="What it trains now; null when it is free or trains for somebody else.")
    utilisation: float | None = Field(description=_UTILISATION)
    memory_used_bytes: int | None = Field(description=_MEMORY_USED)
    memory_total_bytes: int | None = Field(description="Of its GPU; on the CPU, of the machine. Null if unknown.")
    temperature_celsius: float | None = Field(description="Of its GPU; null if unknown.")
    trainer_bytes: int | None = Field(description="Main memory of its trainer; null if unknown.")


class SlotSampleOut(Schema):
    number: int
    utilisation: float | None = Field(description=_UTILISATION)
    memory_used_bytes: int | None = Field(description=_MEMORY_USED)


class SampleOut(Schema):
    """How busy the machine was at one moment."""

    recorded_at: Time
    cpu: float | None = Field(description="0 to 1: share of all cores in use; null if unknown.")
    memory_used_bytes: int | None
    slots: list[SlotSampleOut]

    @classmethod
    def of(cls, sample: MachineSample) -> SampleOut:
        return cls(
            recorded_at=sample.recorded_at,
            cpu=sample.cpu,
            memory_used_bytes=sample.memory_used_bytes,
            slots=[
                SlotSampleOut(
                    number=slot.number, utilisation=slot.utilisation, memory_used_bytes=slot.memory_used_bytes
                )
                for slot in sample.slots
            ],
        )


class WorkerOut(Schema):
    """A process that runs trials."""

    id: str
    name: str
    host: str
    pid: int
    backend: str
    slots: list[SlotOut]
    versions: dict[str, str]
    cpu: float | None = Field(
        description="0 to 1: share of the machine's cores in use by all programs, as last sampled."
    )
    memory_used_bytes: int | None = Field(description="Of the machine, as last sampled.")
    memory_total_bytes: int | None = Field(description="Of the machine.")
    sampled_at: Time | None = Field(description="When the machine was last looked at, by its own clock.")
    samples: list[SampleOut] = Field(description="The last ones, oldest first; as many as were asked for.")
    started_at: Time
    seen_at: Time
    ended_at: Time | None

    @classmethod
    def of(cls, worker: Worker, *, mine: frozenset[str], samples: int = 0) -> WorkerOut:
        """The worker, with the ids of only those trials that are in `mine`, and at most so many samples."""
        kept: Sequence[MachineSample] = worker.samples
        last = kept[-1] if kept else None
        by_slot = {slot.number: slot for slot in last.slots} if last else {}
        return cls(
            id=worker.id,
            name=worker.name,
            host=worker.host,
            pid=worker.pid,
            backend=worker.backend,
            slots=[
                _slot(
                    by_slot.get(slot.number) or SlotSample(slot.number),
                    device=slot.device,
                    busy=slot.trial_id is not None,
                    trial_id=slot.trial_id if slot.trial_id in mine else None,
                )
                for slot in worker.slots
            ],
            versions=dict(worker.versions),
            cpu=last.cpu if last else None,
            memory_used_bytes=last.memory_used_bytes if last else None,
            memory_total_bytes=last.memory_total_bytes if last else None,
            sampled_at=last.recorded_at if last else None,
            samples=[SampleOut.of(sample) for sample in kept[len(kept) - min(samples, len(kept)) :]],
            started_at=worker.started_at,
            seen_at=worker.seen_at,
            ended_at=worker.ended_at,
        )


def _slot(sample: SlotSample, *, device: str, busy: bool, trial_id: str | None) -> SlotOut:
    return SlotOut(
        number=sample.number,
        device=device,
        busy=busy,
        trial_id=trial_id,
        utilisation=sample.utilisation,
        memory_used_bytes=sample.memory_used_bytes,
        memory_total_bytes=sample.memory_total_bytes,
        temperature_celsius=sample.temperature_celsius,
        trainer_bytes=sample.trainer_bytes,
    )
