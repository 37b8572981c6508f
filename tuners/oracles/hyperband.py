"""Hyperband: Keras Tuner's brackets, sizes and epochs, over our trials.

Source: Li, Jamieson, DeSalvo, Rostamizadeh, Talwalkar (2018), "Hyperband: A Novel Bandit-Based Approach to
Hyperparameter Optimization", arXiv:1603.06560, algorithm 1, as Keras Tuner 1.4.8 has it: brackets overlap (the next one
begins when no open one can give a trial), and a trial is promoted as soon as more of its round have completed than
will be dropped. We differ where noted below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras_tuner import Objective
from keras_tuner.oracles import HyperbandOracle as KerasTunerHyperbandOracle

from storage.ids import TrialId
from storage.records import JsonObject, NewTrial, OracleSnapshot, Reason, Trial
from storage.states import TRIAL_ENDED
from tuners.oracles.base import (
    SPACE_EXHAUSTED,
    TUNER_FINISHED,
    Accepts,
    Ask,
    TrialBook,
    oracle_seed,
    space_of,
    tuner_options,
    usable_score,
)
from tuners.oracles.keras_tuner_border import OFF, KerasTunerSpace, NoDisk
from tuners.oracles.sampling import PointSource
from tuners.space import Space

_Bracket = dict[str, Any]


class _Brackets(NoDisk, KerasTunerHyperbandOracle):  # type: ignore[misc]  # Keras Tuner is untyped
    """Keras Tuner's oracle with three faults put right.

    - A promotion carries the number of its own bracket, not of the one begun last (`find` tells it).
    - When the space has no new points left, the bracket being filled is cut to what it has, and its rounds with it, so
      that those trials are still promoted; Keras Tuner ends there, with nothing trained beyond the first round.
    - A bracket whose trials have all ended and that cannot promote any more is forgotten; there it is kept for ever.
    """

    trials: dict[str, Any]
    _brackets: list[_Bracket]
    _current_bracket: int
    _current_iteration: int

    def __init__(
        self, source: PointSource, keras_tuner: KerasTunerSpace, *, direction: str, options: Mapping[str, Any]
    ) -> None:
        super().__init__(
            objective=Objective("score", direction),
            seed=1,
            hyperparameters=keras_tuner.hyperparameters,
            **options,
            **OFF,
        )
        self.verbose = 0
        self._source = source

    def _random_values(self) -> Any:
        values = self._source.draw()
        # The mark makes a point of the empty space true, which Keras Tuner would take for no point.
        return None if values is None else {**values, "tuner/point": True}

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        while True:
            answer: dict[str, Any] = super().populate_space(trial_id)
            if answer["status"] == "RUNNING" or not self._source.exhausted or not self._cut_bracket():
                return answer

    def _cut_bracket(self) -> bool:
        """Let the bracket being filled do with the trials it has; whether there was one. Only one is ever filled."""
        for place, bracket in enumerate(self._brackets):
            filled = len(bracket["rounds"][0])
            if filled < self._get_size(bracket["bracket_num"], 0):
                # No bracket begins after this one.
                self._current_bracket, self.hyperband_iterations = 0, self._current_iteration + 1
                if filled:
                    bracket["bracket_num"] = _CutBracket(bracket["bracket_num"], filled)
                else:
                    del self._brackets[place]
                return True
        return False

    def _get_size(self, bracket_num: int, round_num: int) -> int:
        size: int = super()._get_size(bracket_num, round_num)
        if isinstance(bracket_num, _CutBracket):
            cut: int = min(size, max(1, math.ceil(bracket_num.filled / self.factor**round_num)))
            return cut
        return size

    def find(self, trial_id: str) -> tuple[int, int]:
        """Bracket and round of a trial just proposed."""
        for bracket in reversed(self._brackets):
            for round_num, members in enumerate(bracket["rounds"]):
                if any(member["id"] == trial_id for member in members[-1:]):
                    return int(bracket["bracket_num"]), round_num
        raise LookupError(trial_id)

    def forget_dead_brackets(self) -> None:
        self._brackets = [bracket for bracket in self._brackets if not self._is_dead(bracket)]
        members = self.members()
        # Seldom enough to cost nothing per ask.
        if len(self.trials) > 2 * len(members) + 100:
            self.trials = {trial_id: self.trials[trial_id] for trial_id in members}

    def members(self) -> set[str]:
        """The trials that the open brackets still ask for."""
        return {member["id"] for bracket in self._brackets for members in bracket["rounds"] for member in members}

    def _is_dead(self, bracket: _Bracket) -> bool:
        rounds = bracket["rounds"]
        number = bracket["bracket_num"]
        if len(rounds[0]) < self._get_size(number, 0):
            return False
        if any(self.trials[member["id"]].status == "RUNNING" for members in rounds for member in members):
            return False
        for round_num in range(1, len(rounds)):
            selected = {member["past_id"] for member in rounds[round_num]}
            completed = sum(
                self.trials[member["id"]].status == "COMPLETED" and member["id"] not in selected
                for member in rounds[round_num - 1]
            )
            if completed > self._get_size(number, round_num - 1) - self._get_size(number, round_num):
                return False
        return True

    def read(self) -> dict[str, object]:
        """Brackets as small JSON: trial numbers by round, each with the number it was promoted from."""
        return {
            "brackets": [
                {
                    "bracket": int(bracket["bracket_num"]),
                    "cut": bracket["bracket_num"].filled if isinstance(bracket["bracket_num"], _CutBracket) else None,
                    "rounds": [
                        [
                            [int(member["id"]), None if member["past_id"] is None else int(member["past_id"])]
                            for member in members
                        ]
                        for members in bracket["rounds"]
                    ],
                }
                for bracket in self._brackets
            ],
            "bracket": self._current_bracket,
            "iteration": self._current_iteration,
        }

    def restore(self, state: Mapping[str, Any], *, count: int) -> None:
        """Take up what `read` gave. Members numbered from `count` on were never stored and are left out."""
        self._brackets = []
        for stored in state["brackets"]:
            number = stored["bracket"] if stored["cut"] is None else _CutBracket(stored["bracket"], stored["cut"])
            rounds = [
                [
                    {"id": str(member), "past_id": None if past is None else str(past)}
                    for member, past in members
                    if member < count
                ]
                for members in stored["rounds"]
            ]
            self._brackets.append({"bracket_num": number, "rounds": rounds})
        self._current_bracket = state["bracket"]
        self._current_iteration = state["iteration"]


class _CutBracket(int):
    """The number of a bracket that got only `filled` trials, for which Keras Tuner's sizes are too large."""

    filled: int

    def __new__(cls, number: int, filled: int) -> _CutBracket:
        self = super().__new__(cls, number)
        self.filled = filled
        return self


class HyperbandOracle:
    """Many trials for few epochs, the best of each round on for more.

    A promotion is a new trial with its parent's values that goes on from the parent's checkpoint. Failed trials shrink
    their rounds; STOPPED ones compete with the score they have.
    """

    def __init__(
        self,
        space: Space,
        source: PointSource,
        keras_tuner: KerasTunerSpace,
        book: TrialBook,
        *,
        direction: str,
        options: Mapping[str, Any],
    ) -> None:
        self._space = space
        self._source = source
        self._keras_tuner = keras_tuner
        self._book = book
        self._brackets = _Brackets(source, keras_tuner, direction=direction, options=options)
        self._ids: dict[str, TrialId] = {}

    @classmethod
    def from_snapshot(cls, snapshot: OracleSnapshot, accepts: Accepts | None = None) -> HyperbandOracle:
        space = space_of(snapshot)
        keras_tuner = KerasTunerSpace(space)
        book = TrialBook.of(snapshot.trials)
        seed = oracle_seed(snapshot.search.seed)
        source = PointSource.restored(space, keras_tuner, book, state=snapshot.state, seed=seed, accepts=accepts)
        options = tuner_options(snapshot)
        oracle = cls(
            space,
            source,
            keras_tuner,
            book,
            direction=snapshot.search.objective.direction,
            options={
                name: options[name] for name in ("max_epochs", "factor", "hyperband_iterations") if name in options
            },
        )
        if snapshot.state is not None:
            oracle._brackets.restore(snapshot.state, count=book.count)
        members = oracle._brackets.members()
        for trial in snapshot.trials:
            if str(trial.number) in members:
                oracle._enter(str(trial.number), trial.values)
                if trial.state in TRIAL_ENDED:
                    oracle._end(trial)
        return oracle

    @property
    def lookahead(self) -> int:
        # A trial asked early is one more of a later bracket where a promotion might have been possible.
        return 1

    def ask(self, count: int) -> Ask:
        self._source.begin_ask()
        self._brackets.forget_dead_brackets()
        trials: list[NewTrial] = []
        while len(trials) < count:
            trial_id = str(self._book.count)
            answer = self._brackets.populate_space(trial_id)
            # Whether it says IDLE or STOPPED rests on its list of running trials, which the book stands for here.
            if answer["status"] != "RUNNING":
                if self._book.open or self._source.interrupted:
                    return Ask(tuple(trials), "wait", interrupted=self._source.interrupted)
                return Ask(tuple(trials), "exhausted", self._end_reason())
            trials.append(self._propose(trial_id, answer["values"]))
        return Ask(tuple(trials), "ok")

    def tell(self, trial: Trial) -> None:
        self._book.close(trial)
        self._end(trial)

    def state(self) -> JsonObject:
        return {**self._source.state(), **self._brackets.read()}

    def _propose(self, trial_id: str, answered: dict[str, Any]) -> NewTrial:
        values = {name: value for name, value in answered.items() if not name.startswith("tuner/")}
        past = answered.get("tuner/trial_id")
        parent = None if past is None else self._ids[past]
        bracket, round_num = self._brackets.find(trial_id)
        trial = NewTrial(
            values=values,
            values_hash=self._space.hash_values(values, parent=parent),
            start_epoch=int(answered["tuner/initial_epoch"]),
            target_epochs=int(answered["tuner/epochs"]),
            parent_trial_id=parent,
            bracket=bracket,
            round=round_num,
        )
        self._book.propose(trial)
        self._enter(trial_id, values)
        return trial

    def _enter(self, trial_id: str, values: Mapping[str, Any]) -> None:
        self._brackets.trials[trial_id] = self._keras_tuner.trial(int(trial_id), values, status="RUNNING", score=None)

    def _end(self, trial: Trial) -> None:
        trial_id = str(trial.number)
        entered = self._brackets.trials.get(trial_id)
        if entered is None:
            # A bracket is gone as soon as its last trial is out: nothing follows from how that one ends.
            return
        score = usable_score(trial)
        entered.status = "FAILED" if score is None else "COMPLETED"
        entered.score = score
        self._ids[trial_id] = trial.id

    def _end_reason(self) -> Reason:
        return SPACE_EXHAUSTED if self._source.exhausted else TUNER_FINISHED
