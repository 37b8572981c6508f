"""Searches side by side: how good, how dear, how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from service.trends.objective import Progress
from storage.records import Direction, Objective, Search

MOST_STEPS = 500


def comparison_report(found: Sequence[tuple[Search, Progress]], *, target: float | None) -> dict[str, Any]:
    """One entry for each search in the given order.

    Args:
        found: Searches with the progress of their scored trials.
        target: The score to be reached; None takes the worst of the searches' best scores, which all of them have
            reached. Only searches of one objective share a target.
    """
    objectives = {search.objective for search, _ in found}
    comparable = len(objectives) == 1
    shared = target
    if shared is None and comparable:
        bests = [progress.bests[-1] for _, progress in found if len(progress)]
        if bests and len(bests) == len(found):
            (objective,) = objectives
            shared = max(bests) if objective.direction == "min" else min(bests)
    return {
        "comparable": comparable,
        "target": shared,
        "searches": [_entry(search, progress, target=shared if comparable else None) for search, progress in found],
    }


def _entry(search: Search, progress: Progress, *, target: float | None) -> dict[str, Any]:
    changes = progress.improvements()
    best = changes[-1] if changes else None
    reached = None if target is None else _reached(progress, changes, target, search.objective)
    trials = progress.trials
    return {
        "id": search.id,
        "name": search.name,
        "state": search.state.value,
        "tuner": search.tuner,
        "objective": asdict(search.objective),
        "trials": search.counts.total,
        "scored_trials": len(progress),
        "epochs": search.epochs_recorded,
        "elapsed_seconds": search.active_seconds,
        "device_seconds": search.device_seconds,
        "best": None
        if best is None
        else {"trial_id": trials.ids[best], "number": trials.numbers[best], **_spent(progress, best)},
        "reached": None if reached is None else _spent(progress, reached),
        "curve": _curve(progress, changes),
    }


def _reached(progress: Progress, changes: Sequence[int], target: float, objective: Objective) -> int | None:
    """The place of the trial with which the best reached the target."""
    return next((place for place in changes if _at_least(progress.bests[place], target, objective.direction)), None)


def _at_least(score: float, target: float, direction: Direction) -> bool:
    return score <= target if direction == "min" else score >= target


def _spent(progress: Progress, place: int) -> dict[str, Any]:
    """The score, and what had been spent when that trial ended."""
    step = progress.step(place)
    return {
        "score": step.best,
        "trials": place + 1,
        "epochs": step.epochs_spent,
        "elapsed_seconds": step.elapsed_seconds,
        "training_seconds": step.seconds_spent,
    }


def _curve(progress: Progress, changes: Sequence[int]) -> list[dict[str, Any]]:
    """The steps at which the best score changed, and the last one: between them it stays. At most `MOST_STEPS`."""
    chosen = sorted({*changes, len(progress) - 1}) if changes else []
    if len(chosen) > MOST_STEPS:
        chosen = [chosen[0], *chosen[1 - MOST_STEPS :]]
    return [
        {
            "trials": place + 1,
            "epochs": step.epochs_spent,
            "elapsed_seconds": step.elapsed_seconds,
            "training_seconds": step.seconds_spent,
            "best": step.best,
        }
        for place, step in zip(chosen, progress.steps(chosen), strict=True)
    ]
