"""The oracle of a job: one point that is known from the beginning, run once."""

from __future__ import annotations

from collections.abc import Mapping

from storage.records import JsonObject, NewTrial, OracleSnapshot, Trial
from tuners.oracles.base import TUNER_FINISHED, Accepts, Ask, TrialBook, space_of
from tuners.space import Space


class FixedOracle:
    """Proposes the one point it was given, as trial 0. It has no state: the trial row says that it was proposed."""

    def __init__(self, trial: NewTrial, *, book: TrialBook) -> None:
        self._trial = trial
        self._book = book

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> FixedOracle:
        """The point under `values` in the search's options, trained for its `epochs` (without them: `fit.epochs`).

        `accepts` is not asked: the point was chosen by a person, and there is no other.

        Raises:
            ValueError: The options hold no values, or epochs that are no number.
        """
        options = snapshot.search.options
        values, epochs = options.get("values"), options.get("epochs")
        if not isinstance(values, Mapping) or not (epochs is None or isinstance(epochs, int)):
            raise ValueError("The tuner `fixed` needs `values`, and `epochs` as a number, in the search's options.")
        space: Space = space_of(snapshot)
        trial = NewTrial(values=values, values_hash=space.hash_values(values), target_epochs=epochs)
        return cls(trial, book=TrialBook.of(snapshot.trials))

    @property
    def lookahead(self) -> int:
        return 0

    def ask(self, count: int) -> Ask:
        trials: tuple[NewTrial, ...] = ()
        if count > 0 and self._book.count == 0:
            self._book.propose(self._trial)
            trials = (self._trial,)
        if len(trials) == count:
            return Ask(trials, "ok")
        return Ask(trials, "exhausted", TUNER_FINISHED)

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)

    def state(self) -> JsonObject:
        return {}
