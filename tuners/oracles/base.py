"""What an oracle promises, and the small parts that all of them share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from storage.records import JsonObject, NewTrial, OracleSnapshot, Reason, Scalar, Trial
from storage.states import TRIAL_ENDED, TRIAL_SCORED
from tuners.seeds import derived_seed
from tuners.space import Space

AskStatus = Literal["ok", "wait", "exhausted"]
Accepts = Callable[[Mapping[str, Scalar]], bool]
"""Whether a point may be run, as far as it cannot be told from the values alone (a model's parameter count)."""

SPACE_EXHAUSTED = Reason(
    "space_exhausted", "Every point of the search space that its constraints allow has been tried."
)
TUNER_FINISHED = Reason("tuner_finished", "The tuner's own schedule has been run to its end.")


@dataclass(frozen=True, slots=True)
class Ask:
    """An oracle's answer: the proposals, and what there is to expect after them.

    Attributes:
        trials: At most as many as were asked for; each is counted as running until it is told.
        status: "ok": as many as asked. "wait": fewer, ask again later. "exhausted": fewer, and there will be no more
            unless a failed trial is tried again.
        reason: Why it is exhausted; None otherwise.
        interrupted: It waits only because looking for points took its share of time: asking again goes on with it.
            Otherwise the next proposals depend on trials that are still open.
    """

    trials: tuple[NewTrial, ...]
    status: AskStatus
    reason: Reason | None = None
    interrupted: bool = False


class Oracle(Protocol):
    """One search's source of trials. Not safe for threads: one coordinator drives it.

    Two oracles made from equal snapshots and told the same give the same answers, and so does one that is rebuilt from
    what was stored half-way: nothing but `state()` and the trial rows carries over. No point is proposed twice, except
    where Hyperband goes on with a trial.
    """

    @property
    def lookahead(self) -> int:
        """How many QUEUED trials beyond the parallelism make sense now: each one is asked with less knowledge."""
        ...

    def ask(self, count: int) -> Ask:
        """Up to `count` new proposals, numbered after the trials the oracle knows of."""
        ...

    def tell(self, trial: Trial) -> None:
        """Take in a trial that has ended, in any way. Telling it again replaces what was told before."""
        ...

    def state(self) -> JsonObject:
        """What the trial rows do not say, as small JSON, to be stored in the transaction that stores the trials."""
        ...


@dataclass(slots=True)
class TrialBook:
    """The trials an oracle knows of, by number: who is open, and which points have been tried.

    Attributes:
        count: Trials made so far; the next proposal gets this number.
        open: Numbers proposed and not yet ended.
        tried: Hashes of all points proposed (promotions of a point are not points of their own).
    """

    count: int = 0
    open: set[int] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> TrialBook:
        """The book as the stored trials have it."""
        book = cls()
        for trial in trials:
            book.count = max(book.count, trial.number + 1)
            if trial.parent_trial_id is None:
                book.tried.add(trial.values_hash)
            if trial.state not in TRIAL_ENDED:
                book.open.add(trial.number)
        return book

    def propose(self, trial: NewTrial) -> int:
        """Enter a proposal as open; its number."""
        number = self.count
        self.count += 1
        self.open.add(number)
        if trial.parent_trial_id is None:
            self.tried.add(trial.values_hash)
        return number

    def close(self, trial: Trial) -> None:
        self.open.discard(trial.number)


def usable_score(trial: Trial) -> float | None:
    """The trial's score when it counts: it ended with one, and it is finite. Infinite scores never reach an oracle,
    which would take them for the best (`max`) or turn them into 0 (Gaussian process)."""
    if trial.state not in TRIAL_SCORED or trial.score is None or not math.isfinite(trial.score):
        return None
    return float(trial.score)


def oracle_seed(seed: int) -> int:
    """The seed Keras Tuner may see: in 1 ... 2**31 - 1, since it takes 0 for "no seed".

    Its draws use `seed`, `seed + 1`, ...: searches with neighbouring seeds would share most of their points, so the
    user's seed is hashed. The search's id stays out of it: the same definition with the same seed is the same search.
    """
    return derived_seed(seed, "oracle")


def tuner_options(snapshot: OracleSnapshot) -> Mapping[str, object]:
    """The `tuner` part of the definition."""
    options = snapshot.search.definition.get("tuner", {})
    return options if isinstance(options, Mapping) else {}


def space_of(snapshot: OracleSnapshot) -> Space:
    """The expanded space, as stored with the search."""
    return Space.from_json(snapshot.search.space)


def stored_int(state: JsonObject | None, key: str, default: int) -> int:
    """An integer of a stored oracle state; `default` where there is no state yet."""
    value = (state or {}).get(key, default)
    if not isinstance(value, int):
        raise TypeError(f"Oracle state has {key}={value!r}, expected an integer.")
    return value
