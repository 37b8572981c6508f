"""Random points that are new, allowed, and drawn as Keras Tuner draws them."""

from __future__ import annotations

import random

from storage.records import JsonObject, Scalar
from tuners.oracles.base import Accepts, TrialBook, stored_int
from tuners.oracles.keras_tuner_border import KerasTunerSpace
from tuners.oracles.points import PointIndex
from tuners.space import Space

# Keras Tuner calls a space exhausted after so many draws that were tried before. Here a space that can be listed is
# listed from then on, and another is drawn from further.
COLLISIONS = 20
LISTED_POINTS = 20_000
DRAWS = 10_000
# Points `accepts` may refuse in one ask (each may have a model built), and in a row before the space counts as
# exhausted.
CHECKS_PER_ASK = 20
CHECKS_IN_ROW = 1_000


class PointSource:
    """Draws from a space without ever giving a point of the book again.

    Attributes:
        seed_state: The seed of the next draw; stored, since refused points use draws up as well.
        exhausted: No further point was found: all have been tried, or the constraints refuse what is left.
        interrupted: The latest draw gave up for now, to let others have their turn.
    """

    def __init__(
        self,
        space: Space,
        keras_tuner: KerasTunerSpace,
        book: TrialBook,
        *,
        seed_state: int,
        refused: int = 0,
        accepts: Accepts | None = None,
    ) -> None:
        self.seed_state = seed_state
        self.exhausted = False
        self.interrupted = False
        self._space = space
        self._keras_tuner = keras_tuner
        self._book = book
        self._accepts = accepts
        self._refused = refused
        self._checks_left = CHECKS_PER_ASK
        self._rest: list[int] | None = None

    @classmethod
    def restored(
        cls,
        space: Space,
        keras_tuner: KerasTunerSpace,
        book: TrialBook,
        *,
        state: JsonObject | None,
        seed: int,
        accepts: Accepts | None,
    ) -> PointSource:
        """The source as `state` left it; a new one, beginning at `seed`, without a state."""
        return cls(
            space,
            keras_tuner,
            book,
            seed_state=stored_int(state, "seed_state", seed),
            refused=stored_int(state, "refused", 0),
            accepts=accepts,
        )

    def state(self) -> dict[str, int]:
        return {"seed_state": self.seed_state, "refused": self._refused}

    def begin_ask(self) -> None:
        """Start a new share of checks."""
        self._checks_left = CHECKS_PER_ASK
        self.interrupted = False

    def draw(self) -> dict[str, Scalar] | None:
        """A new point; None when `exhausted` or `interrupted`."""
        if self.exhausted or self.interrupted:
            return None
        misses = 0
        while misses < DRAWS:
            values, self.seed_state = self._keras_tuner.draw(self.seed_state)
            if self._fits(values) and self._accepted(values):
                return values
            if self._gives_up():
                return None
            misses += 1
            if misses > COLLISIONS and self._can_list():
                return self._draw_from_rest()
        self.exhausted = True
        return None

    def _draw_from_rest(self) -> dict[str, Scalar] | None:
        """One of the points not tried yet, each as likely as the other."""
        points = PointIndex(self._space)
        if self._rest is None:
            self._rest = [index for index in points.indices() if self._fits(points.values(index))]
        else:
            self._rest = [index for index in self._rest if self._fits(points.values(index))]
        rest = list(self._rest)
        while rest:
            place = random.Random(self.seed_state).randrange(len(rest))
            self.seed_state += 1
            values = points.values(rest.pop(place))
            if self._accepted(values):
                return values
            if self._gives_up():
                return None
        self.exhausted = True
        return None

    def _can_list(self) -> bool:
        size = self._space.size()
        return size is not None and size <= LISTED_POINTS

    def _fits(self, values: dict[str, Scalar]) -> bool:
        return self._space.satisfies(values) and self._space.hash_values(values) not in self._book.tried

    def _accepted(self, values: dict[str, Scalar]) -> bool:
        if self._accepts is None:
            return True
        self._checks_left -= 1
        if self._accepts(values):
            self._refused = 0
            return True
        self._refused += 1
        return False

    def _gives_up(self) -> bool:
        if self._refused >= CHECKS_IN_ROW:
            self.exhausted = True
        elif self._checks_left <= 0:
            self.interrupted = True
        return self.exhausted or self.interrupted
