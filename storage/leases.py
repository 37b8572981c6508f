"""Records of dated claims: a worker's on a trial, a leader's on its role. Frozen value objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from storage.datasets import Dataset
from storage.files import Artifact
from storage.ids import SearchId, TrialId, WorkerId
from storage.records import Search, Trial


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's dated claim on one trial. `token` fences every write of the attempt."""

    trial_id: TrialId
    search_id: SearchId
    attempt: int
    token: str
    worker_id: WorkerId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker needs to run one trial.

    Attributes:
        resume: Checkpoint of an earlier attempt of this trial to go on from; None to start anew. Epoch rows after it
            have been deleted in the claim's transaction, so the new attempt's rows stay contiguous.
        parent: Last checkpoint of the parent trial (Hyperband promotion); None when there is no parent.
    """

    lease: Lease
    trial: Trial
    search: Search
    dataset: Dataset
    resume: Artifact | None
    parent: Artifact | None


Directive = Literal["continue", "stop", "release", "lost"]


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    """Answer to a renewal: go on, stop with the score so far, hand back (search paused), or the lease is lost."""

    trial_id: TrialId
    directive: Directive
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeaderLease:
    """Leadership for one term. A new leader has a higher term; work of an old term is refused."""

    name: str
    term: int
    holder: str
    expires_at: datetime
