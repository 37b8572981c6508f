"""From a stored search to its oracle."""

from __future__ import annotations

from collections.abc import Callable

from storage.records import OracleSnapshot
from tuners.oracles.base import Accepts, Oracle

Maker = Callable[[OracleSnapshot, Accepts | None], Oracle]


def make_oracle(snapshot: OracleSnapshot, accepts: Accepts | None = None) -> Oracle:
    """The search's oracle, rebuilt from what is stored; it proposes what one that never stopped would have.

    Args:
        snapshot: The search, its trials, and the state saved with the latest ask (None before the first).
        accepts: Asked about every point that the space's own constraints allow; a refused point is drawn again. It must
            answer the same for the same values. None accepts all.

    Raises:
        ValueError: The search names a tuner that is none of ours, or the space does not suit it.
    """
    return _maker(snapshot.search.tuner)(snapshot, accepts)


def _maker(tuner: str) -> Maker:
    # Imported here: each brings libraries that the others do not need (Keras Tuner takes seconds to import).
    if tuner == "fixed":
        from tuners.oracles.fixed import FixedOracle

        return FixedOracle.from_snapshot
    if tuner == "grid":
        from tuners.oracles.grid import GridOracle

        return GridOracle.from_snapshot
    if tuner == "random":
        from tuners.oracles.random import RandomOracle

        return RandomOracle.from_snapshot
    if tuner == "hyperband":
        from tuners.oracles.hyperband import HyperbandOracle

        return HyperbandOracle.from_snapshot
    if tuner == "bayesian":
        from tuners.oracles.bayesian import BayesianOracle

        return BayesianOracle.from_snapshot
    if tuner == "sweep":
        from tuners.oracles.sweep import SweepOracle

        return SweepOracle.from_snapshot
    if tuner == "perturb":
        from tuners.oracles.perturb import PerturbOracle

        return PerturbOracle.from_snapshot
    raise ValueError(f"Unknown tuner {tuner!r}; known are bayesian, grid, hyperband, perturb, random and sweep.")
