"""Numbers and verdicts as a picture says them."""

from __future__ import annotations

from typing import Any

from service.trends.hyperparameter import Verdict
from tuners.list_values import Shown

_VERDICTS: dict[Verdict, str] = {
    "monotone_increasing": "grows with it",
    "monotone_decreasing": "falls with it",
    "peak": "highest in between",
    "valley": "lowest in between",
    "flat": "makes little difference",
    "unclear": "no clear shape",
}


def value_text(value: Shown | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def shape_note(shape: dict[str, Any]) -> str:
    """The verdict on one metric in words: shape, best value, where gains end."""
    parts = [_VERDICTS[shape["verdict"]], f"best at {value_text(shape['best_value'])}"]
    if shape["diminishing_returns_at"] is not None:
        parts.append(f"little to gain beyond {value_text(shape['diminishing_returns_at'])}")
    return "; ".join(parts)


def base_name(metric: str) -> str:
    """The metric's name on the training part."""
    return metric.removeprefix("val_")
