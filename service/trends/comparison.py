"""Searches side by side: how good, how dear, how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from service.trends.objective import Step
from storage.records import Direction, Objective, Search

MOST_STEPS = 500


def comparison_report(found: Sequence[tuple[Search, Sequence[Step]]], *, target: float | None) -> dict[str, Any]:
    """One entry for each search in the given order.

    Args:
        found: Searches with their scored trials in order of ending.
        target: The score to be reached; None takes the worst of the searches' best scores, which all of them have
            reached. Only searches of one objective share a target.
    """
    objectives = {search.objective for search, _ in found}
    comparable = len(objectives) == 1
    shared = target
    if shared is None and comparable:
        bests = [steps[-1].best for _, steps in found if steps]
        if bests and len(bests) == len(found):
            (objective,) = objectives
            shared = max(bests) if objective.direction == "min" else min(bests)
    return {
        "comparable": comparable,
        "target": shared,
        "searches": [_entry(search, steps, target=shared if comparable else None) for search, steps in found],
    }


def _entry(search: Search, steps: Sequence[Step], *, target: float | None) -> dict[str, Any]:
    last = steps[-1] if steps else None
    best = None
    if last is not None:
        best = next(step for step in steps if step.score == last.best)
    reached = None if target is None else _reached(steps, target, search.objective)
    return {
        "id": search.id,
        "name": search.name,
        "state": search.state.value,
        "tuner": search.tuner,
        "objective": asdict(search.objective),
        "trials": search.counts.total,
        "scored_trials": len(steps),
        "epochs": search.epochs_recorded,
        "elapsed_seconds": search.active_seconds,
        "device_seconds": search.device_seconds,
        "best": None if best is None else {"trial_id": best.trial_id, "number": best.number, **_spent(steps, best)},
        "reached": None if reached is None else _spent(steps, reached),
        "curve": _curve(steps),
    }


def _reached(steps: Sequence[Step], target: float, objective: Objective) -> Step | None:
    return next((step for step in steps if _at_least(step.best, target, objective.direction)), None)


def _at_least(score: float, target: float, direction: Direction) -> bool:
    return score <= target if direction == "min" else score >= target


def _spent(steps: Sequence[Step], step: Step) -> dict[str, Any]:
    """The score, and what had been spent when the step ended."""
    return {
        "score": step.best,
        "trials": next(place for place, each in enumerate(steps, 1) if each is step),
        "epochs": step.epochs_spent,
        "elapsed_seconds": step.elapsed_seconds,
        "training_seconds": step.seconds_spent,
    }


def _curve(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The steps at which the best score changed, and the last one: between them it stays. At most `MOST_STEPS`."""
    chosen = [
        (place, step)
        for place, step in enumerate(steps, 1)
        if place in (1, len(steps)) or step.best != steps[place - 2].best
    ]
    if len(chosen) > MOST_STEPS:
        chosen = [chosen[0], *chosen[1 - MOST_STEPS :]]
    return [
        {
            "trials": place,
            "epochs": step.epochs_spent,
            "elapsed_seconds": step.elapsed_seconds,
            "training_seconds": step.seconds_spent,
            "best": step.best,
        }
        for place, step in chosen
    ]
