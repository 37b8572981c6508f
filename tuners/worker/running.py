"""One claimed trial on its slot, and the clocks that may end it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

from storage.clock import Clock
from storage.leases import Claim, Directive
from storage.settings import Settings
from tuners.trainer.protocol import EndTrial, How

Phase = Literal["starting", "training"]
"""Before a batch of the execution has been trained (a model is built and traced, which may take minutes), or after."""

Doom = Literal["lease_lost", "no_progress", "timeout", "overdue"]

_MARGIN_SHARE = 0.2
_MARGIN_MOST_S = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each clock may run, in seconds.

    Attributes:
        trust_s: How long a claim or renewal is believed, from the start of the call. It is shorter than the lease, so
            that the trainer is dead before another worker can be given the trial.
    """

    trust_s: float
    start_s: float
    progress_s: float
    grace_s: float

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        margin = min(settings.lease_s * _MARGIN_SHARE, _MARGIN_MOST_S)
        return cls(
            trust_s=settings.lease_s - margin,
            start_s=settings.start_timeout_s,
            progress_s=settings.progress_timeout_s,
            grace_s=settings.stop_grace_s,
        )


class Running:
    """A trial between claim and outcome. Safe for threads: the slot, the renewer and the guard all look at it.

    Liveness is the lease's business (`renewed`). Progress is moved by what the trainer reports and by nothing else: a
    trainer that hangs keeps its lease, but not for long.

    Args:
        claimed_at: Monotonic time just before the claim was asked for.
    """

    def __init__(self, claim: Claim, *, limits: Limits, clock: Clock, claimed_at: float) -> None:
        self.claim = claim
        self.lease = claim.lease
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock.monotonic()
        self._trusted_until = claimed_at + limits.trust_s
        self._progress_at = self._began
        self._phase: Phase = "starting"
        self._how: How | None = None
        self._end_by: float | None = None
        self._doom: Doom | None = None
        self._lost = False
        self.lost_event = threading.Event()

    @property
    def seconds(self) -> float:
        """How long the trial has held its slot."""
        return self._clock.monotonic() - self._began

    @property
    def how(self) -> How | None:
        """The order to end that is in force."""
        return self._how

    @property
    def doom(self) -> Doom | None:
        """Why the trainer has to be killed; None while it need not."""
        return self._doom

    @property
    def lost(self) -> bool:
        """Whether the lease is gone: nothing may be written any more."""
        return self._lost

    def renewed(self, directive: Directive, *, asked_at: float) -> EndTrial | None:
        """Take the answer to a renewal asked for at `asked_at`; the order for the trainer, if there is a new one."""
        if directive == "lost":
            return self.lose()
        with self._lock:
            self._trusted_until = max(self._trusted_until, asked_at + self._limits.trust_s)
        if directive == "continue":
            return None
        # Asked for by a person or a pause: no deadline of its own, the trainer's clocks go on.
        return self.end("stop" if directive == "stop" else "release")

    def lose(self) -> EndTrial | None:
        """The lease is gone. The trainer gets a moment to end the trial and stay warm."""
        with self._lock:
            self._lost = True
        self.lost_event.set()
        return self.end("abandon", grace_s=self._limits.grace_s)

    def end(self, how: How, *, grace_s: float | None = None) -> EndTrial | None:
        """Note that the trial is to end; the order for the trainer, or None when a stronger one is in force.

        Args:
            grace_s: Seconds after which the trainer is killed if it has not ended the trial.
        """
        with self._lock:
            if grace_s is not None:
                end_by = self._clock.monotonic() + grace_s
                self._end_by = end_by if self._end_by is None else min(self._end_by, end_by)
            if self._how is not None and _STRENGTH[how] < _STRENGTH[self._how]:
                return None
            if self._how == how and grace_s is None:
                return None
            self._how = how
        # Half the time for finishing the epoch, half for its checkpoint to reach the store.
        within_s = None if grace_s is None else grace_s / 2
        return EndTrial(self.lease.trial_id, self.lease.attempt, how, within_s)

    def moved(self, at: float, phase: Phase | None) -> None:
        """The trainer showed progress at `at`, and is now at `phase` (None: at what it was before)."""
        with self._lock:
            self._progress_at = max(self._progress_at, at)
            if phase is not None:
                self._phase = phase

    def trusted(self) -> bool:
        """Whether the lease can still be believed in."""
        return not self._lost and self._clock.monotonic() < self._trusted_until

    def overdue(self) -> Doom | None:
        """Why the trainer has to be killed now, by the clocks; the answer stays once there is one."""
        with self._lock:
            if self._doom is None:
                self._doom = self._verdict(self._clock.monotonic())
                if self._doom == "lease_lost":
                    self._lost = True
                    self.lost_event.set()
            return self._doom

    def _verdict(self, now: float) -> Doom | None:
        if self._end_by is not None and now >= self._end_by:
            return "overdue"
        if not self._lost and now >= self._trusted_until:
            return "lease_lost"
        starting = self._phase == "starting"
        if now - self._progress_at >= (self._limits.start_s if starting else self._limits.progress_s):
            return "timeout" if starting else "no_progress"
        return None


# An order is only replaced by one at least as final.
_STRENGTH: dict[How, int] = {"release": 0, "stop": 1, "abandon": 2}
