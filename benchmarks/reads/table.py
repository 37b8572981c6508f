"""The figures of a run as one Markdown table, as docs/benchmarks.md has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.reads.measure import Measured

_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True)
class Run:
    """What was measured on one database.

    Attributes:
        optuna: Optuna's list of studies and its read of a whole study; empty when it was left out.
    """

    ours: Sequence[Measured]
    optuna: Sequence[Measured]

    def ratio(self, found: Measured) -> float | None:
        """Optuna's processor time over ours: of its list for our list, else of its read of the whole study."""
        if not self.optuna:
            return None
        return self.optuna[0 if found.read.name == "searches" else 1].cpu_p50 / found.cpu_p50


def markdown(runs: Mapping[str, Run]) -> str:
    """One row for each read, the columns of one database after the other's."""
    heads = ["", "goal"]
    for kind, run in runs.items():
        heads += [f"{_NAMES[kind]}: cpu cold", "cpu p50", "cpu p99", "p50 / p99"]
        heads += ["Optuna's cpu / ours"] if run.optuna else []
    rows = [heads, ["---"] * len(heads)]
    for alike in zip(*(run.ours for run in runs.values()), strict=True):
        goal = alike[0].read.goal_ms
        row = [alike[0].read.name, "" if goal is None else f"{goal:.0f}"]
        for found, run in zip(alike, runs.values(), strict=True):
            row += [*map(_ms, (found.first_cpu_ms, found.cpu_p50, found.cpu_p99))]
            row.append(f"{_ms(found.p50)} / {_ms(found.p99)}")
            if (ratio := run.ratio(found)) is not None:
                row.append(f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}")
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 20 else f"{value:.0f}"
