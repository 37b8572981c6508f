"""What a trial's learning curves say: rules of thumb with their evidence.

The rules look at one metric on both parts, the loss where it is logged, else the objective; where larger is better the
values are turned round, so that in here smaller is always better. Each threshold stands in `docs/diagnosis.md` with its
reason.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from service.trends.curves import Curve, Curves
from service.trends.quantiles import quantile
from storage.records import Direction, Objective

Code = Literal["diverged", "overfitting", "underfitting", "oscillating", "still_improving", "healthy"]
Verdict = Literal["diverged", "overfitting", "underfitting", "oscillating", "still_improving", "healthy", "unknown"]
Evidence = Mapping[str, float | int | None]

FEWEST_EPOCHS = 4
TAIL_SHARE = 0.25
DIVERGED_FACTOR = 1.5
RISE_SHARE = 0.10
LEAST_RISE = 0.01
GAP_FACTOR = 2.0
LEARNT_SHARE = 0.5
LITTLE_GAIN = 0.10
WORSE_THAN_BEST = 1.5
SMALL_GAP = 0.10
FEWEST_STEPS = 6
TURNS_SHARE = 0.6
STEP_SHARE = 0.10
STEP_OF_VALUE = 0.01
TAIL_GAIN = 0.03

TRY_NEXT: Mapping[Code, tuple[str, ...]] = {
    "diverged": (
        "a learning rate ten times smaller, or a range test (POST /v1/lr-range-tests) to find one",
        "clip the gradients: `clipnorm` of the optimizer",
        "scale the inputs, and look for values that are not finite in the data",
    ),
    "overfitting": (
        "stop earlier: EarlyStopping on the validation metric, with restored weights",
        "more regularization: Dropout, weight decay, augmentation of the inputs",
        "a smaller model, or more training rows",
    ),
    "underfitting": (
        "a larger model: more units, more layers",
        "a larger learning rate, or another optimizer",
        "less regularization: smaller Dropout and weight decay",
    ),
    "oscillating": (
        "a smaller learning rate, or a schedule that lowers it",
        "larger batches",
        "more validation rows, or cross-validation, where only the validation curve swings",
    ),
    "still_improving": (
        "more epochs: the last ones still paid",
        "a larger learning rate, or a warm-up and decay, to get there sooner",
    ),
    "healthy": (),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the curves show: a sentence, and the numbers behind it."""

    code: Code
    statement: str
    evidence: Evidence

    @property
    def try_next(self) -> tuple[str, ...]:
        return TRY_NEXT[self.code]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, the gravest first; `verdict` is the first one's code, or "unknown" with a `note`."""

    verdict: Verdict
    metric: str
    direction: Direction
    validation_metric: str | None
    epochs: int
    findings: tuple[Finding, ...]
    note: str | None = None


def diagnosis_of(
    curves: Curves, *, objective: Objective, directions: Mapping[str, Direction], best_training: float | None = None
) -> Diagnosis:
    """What the curves of one trial show.

    Args:
        curves: Means over executions or folds.
        directions: Of the logged metrics.
        best_training: The same metric on the training part at the best epoch of the search's best trial; None when
            there is no other trial to compare with.
    """
    known = {*curves.by_metric, *curves.broken}
    base = "loss" if "loss" in known else objective.name.removeprefix("val_")
    direction: Direction = "min" if base == "loss" else directions.get(base, objective.direction)
    sign = 1.0 if direction == "min" else -1.0
    training = _turned(curves.by_metric.get(base), sign)
    validation = _turned(curves.by_metric.get(f"val_{base}"), sign)
    named = f"val_{base}" if f"val_{base}" in known else None
    main = validation or training
    length = len(main.values) if main else 0
    look = _Look(training, validation, sign, None if best_training is None else sign * best_training)
    broken = [(curves.broken[name], name) for name in (base, f"val_{base}", objective.name) if name in curves.broken]
    if broken:
        epoch, name = min(broken)
        finding = Finding(
            "diverged", f"{name} is not finite in epoch {epoch}", {"first_epoch_not_finite": epoch, "epochs": length}
        )
        return Diagnosis("diverged", base, direction, named, length, (finding,))
    if main is None or length < FEWEST_EPOCHS:
        note = f"{length} epochs: at least {FEWEST_EPOCHS} are needed to say anything about a curve"
        return Diagnosis("unknown", base, direction, named, length, (), note)
    rules = (_diverged, _overfitting, _underfitting, _oscillating, _still_improving)
    findings = [found for rule in rules if (found := rule(look)) is not None]
    if any(found.code == "diverged" for found in findings):
        # What else a curve that runs away shows is the same thing again.
        findings = findings[:1]
    if not findings:
        best = _place_of_least(main.values)
        findings = [
            Finding(
                "healthy",
                "it learnt, came to rest, and the validation part agrees"
                if validation
                else "it learnt and came to rest",
                {
                    "first": sign * main.values[0],
                    "best": sign * main.values[best],
                    "best_epoch": main.epochs[best],
                    "last": sign * main.values[-1],
                },
            )
        ]
    return Diagnosis(findings[0].code, base, direction, named, length, tuple(findings))


@dataclass(frozen=True, slots=True)
class _Look:
    """Curves in which smaller is better, and the sign that turns them back."""

    training: Curve | None
    validation: Curve | None
    sign: float
    best_training: float | None

    @property
    def main(self) -> Curve:
        main = self.validation or self.training
        assert main is not None
        return main


def _turned(curve: Curve | None, sign: float) -> Curve | None:
    if curve is None or sign > 0:
        return curve
    return Curve(curve.epochs, tuple(sign * value for value in curve.values))


def _place_of_least(values: Sequence[float]) -> int:
    return values.index(min(values))


def _tail(values: Sequence[float]) -> Sequence[float]:
    """The last quarter, at least two values."""
    return values[-max(2, round(TAIL_SHARE * len(values))) :]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _diverged(look: _Look) -> Finding | None:
    curve = look.training or look.main
    first, last, least = curve.values[0], _mean(curve.values[-2:]), min(curve.values)
    # A multiple of a value means something only where zero is the end of the scale, as for losses.
    if least < 0.0 or first <= 0.0 or last < DIVERGED_FACTOR * first:
        return None
    evidence = {"first": first, "last": last, "factor": last / first, "threshold": DIVERGED_FACTOR}
    return Finding("diverged", f"the training ended {last / first:.1f} times worse than it began", evidence)


def _overfitting(look: _Look) -> Finding | None:
    training, validation = look.training, look.validation
    if training is None or validation is None:
        return None
    values = validation.values
    best = _place_of_least(values)
    gain, end = values[0] - values[best], _mean(_tail(values))
    rise = end - values[best]
    at_best = training.values[min(best, len(training.values) - 1)]
    learnt_since = at_best - training.values[-1]
    enough = max(RISE_SHARE * gain, LEAST_RISE * abs(values[best]))
    if len(values) - 1 - best >= max(2, round(0.1 * len(values))) and rise >= enough and rise > 0 < learnt_since:
        return Finding(
            "overfitting",
            f"the validation part gets worse since epoch {validation.epochs[best]}, while the training part improves",
            {
                "best_epoch": validation.epochs[best],
                "last_epoch": validation.epochs[-1],
                "validation_best": look.sign * values[best],
                "validation_end": look.sign * end,
                "training_at_best": look.sign * at_best,
                "training_end": look.sign * training.values[-1],
                "share_of_gain_lost": rise / gain if gain > 0 else None,
                "threshold": RISE_SHARE,
            },
        )
    low, high = training.values[-1], values[-1]
    positive = min(training.values) >= 0.0 and min(values) >= 0.0
    if positive and high >= GAP_FACTOR * low and low <= LEARNT_SHARE * training.values[0] and high > 0.0:
        return Finding(
            "overfitting",
            "the training part is learnt far better than the validation part",
            {
                "training_end": low,
                "validation_end": high,
                "factor": high / low if low > 0.0 else None,
                "threshold": GAP_FACTOR,
            },
        )
    return None


def _underfitting(look: _Look) -> Finding | None:
    training = look.training
    if training is None:
        return None
    values = training.values
    first, best = values[0], min(values)
    scale = max(abs(first), abs(best))
    gain = (first - best) / scale if scale else 0.0
    peer = look.best_training
    behind = peer is None or best > peer + LITTLE_GAIN * abs(peer)
    # An accuracy may well begin near its end; only a better trial tells that there was more to learn.
    if gain < LITTLE_GAIN and behind and (look.sign > 0 or peer is not None):
        return Finding(
            "underfitting",
            f"the training part itself got only {max(gain, 0.0):.0%} better",
            {"first": look.sign * first, "best": look.sign * best, "gain": gain, "threshold": LITTLE_GAIN},
        )
    if peer is None or best < 0.0 or peer < 0.0 or best < WORSE_THAN_BEST * peer or best <= 0.0:
        return None
    tail = _tail(values)
    rests = tail[0] - tail[-1] < TAIL_GAIN * (first - best)
    end = None if look.validation is None else look.validation.values[-1]
    small_gap = end is None or end - values[-1] <= SMALL_GAP * abs(values[-1])
    if rests and small_gap:
        return Finding(
            "underfitting",
            "the training part came to rest far from where the best trial is",
            {
                "training_best": best,
                "training_of_best_trial": peer,
                "factor": best / peer if peer > 0 else None,
                "threshold": WORSE_THAN_BEST,
            },
        )
    return None


def _oscillating(look: _Look) -> Finding | None:
    for part, curve in (("training", look.training), ("validation", look.validation)):
        if curve is None:
            continue
        half = curve.values[len(curve.values) // 2 :]
        steps = list(map(operator.sub, half[1:], half))
        if len(steps) < FEWEST_STEPS:
            continue
        turns = sum([one * next_one < 0 for one, next_one in itertools.pairwise(steps)]) / (len(steps) - 1)
        if turns < TURNS_SHARE:
            continue
        typical = quantile(sorted(map(abs, steps)), 0.5)
        spread = max(curve.values) - min(curve.values)
        middle = abs(quantile(sorted(half), 0.5))
        if typical >= STEP_SHARE * spread and typical >= STEP_OF_VALUE * middle and spread > 0:
            return Finding(
                "oscillating",
                f"the {part} part swings from epoch to epoch instead of settling",
                {
                    "share_of_turns": turns,
                    "turns_threshold": TURNS_SHARE,
                    "typical_step": typical,
                    "share_of_range": typical / spread,
                    "step_threshold": STEP_SHARE,
                    "from_epoch": curve.epochs[len(curve.values) // 2],
                },
            )
    return None


def _still_improving(look: _Look) -> Finding | None:
    curve = look.main
    values = curve.values
    best = _place_of_least(values)
    gain = values[0] - values[best]
    late = len(values) - 1 - best <= max(0, round(0.1 * len(values)) - 1)
    tail = _tail(values)
    before = values[-len(tail) - 1]
    recent = before - values[best]
    if not late or gain <= 0 or recent < TAIL_GAIN * gain:
        return None
    return Finding(
        "still_improving",
        f"the last {len(tail)} epochs brought {recent / gain:.0%} of all that was gained",
        {
            "best_epoch": curve.epochs[best],
            "last_epoch": curve.epochs[-1],
            "best": look.sign * values[best],
            "share_of_gain_in_tail": recent / gain,
            "tail_epochs": len(tail),
            "threshold": TAIL_GAIN,
        },
    )
