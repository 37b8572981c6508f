"""What a definition would cost."""

from __future__ import annotations

from headstock import words
from headstock.notebook.blocks import facts, fault, frame
from headstock.notebook.markup import table, tag
from headstock.plans import Plan


def plan_html(result: Plan) -> str:
    """Figures, and Hyperband's rounds."""
    low, high = result.parameters.min, result.parameters.max
    rounds = (
        (bracket.bracket, rung.round, rung.trials, rung.epochs)
        for bracket in result.brackets
        for rung in bracket.rounds
    )
    seconds = result.seconds
    time = "not known before like trials were measured"
    if seconds is not None:
        interval = f"{words.duration(seconds.low)} to {words.duration(seconds.high)}"
        time = f"about {words.duration(seconds.estimate)} ({interval})"
    return frame(
        tag("b", "what it would cost"),
        facts(
            [
                ("trials", _count(result.trials, "until a limit")),
                ("epochs", _count(result.epochs, "until a limit")),
                ("points in the space", _count(result.space_size, "infinitely many")),
                (
                    "parameters of a model",
                    _count(low, "–") if low == high else f"{_count(low, '–')} to {_count(high, '–')}",
                ),
                ("disk, at most", words.size(result.disk_bytes)),
                ("time", time),
            ]
        ),
        table((">bracket", ">round", ">trials", ">epochs each"), rounds) if result.brackets else None,
        *(fault(warning.message) for warning in result.warnings),
    )


def _count(value: int | None, none: str) -> str:
    return none if value is None else f"{value:,}"
