"""Records of epochs: what was reported of each pass over the data. Frozen value objects.

Epochs are counted from 0 and are absolute: a promoted trial goes on from where its parent stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.ids import TrialId


@dataclass(frozen=True, slots=True)
class EpochRow:
    """One pass over the data as reported. NaN and infinities are allowed in `metrics` and survive storage."""

    execution: int
    epoch: int
    metrics: Mapping[str, float]
    seconds: float
    fold: int | None = None


@dataclass(frozen=True, slots=True)
class StoredEpoch:
    trial_id: TrialId
    execution: int
    epoch: int
    attempt: int
    metrics: Mapping[str, float]
    seconds: float
    recorded_at: datetime
    fold: int | None = None


class EpochMetrics(NamedTuple):
    """What an epoch reported, without when and by whom. A tuple, since ten thousand of them are read at once."""

    execution: int
    epoch: int
    metrics: Mapping[str, float]


class WholeCurves(NamedTuple):
    """Curves of an ended trial whose executions are equally long, and in which every one of these values is finite.

    Attributes:
        first: The epoch at which all of them begin; none is missing from there on.
        executions: Of how many trainings they are the mean.
        values: By metric, one for each epoch; metrics that were never reported are left out.
    """

    first: int
    executions: int
    values: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class EpochBand:
    """Quantiles of one metric at one epoch over the trials of a search (finite values only)."""

    epoch: int
    count: int
    quantiles: tuple[float, ...]
