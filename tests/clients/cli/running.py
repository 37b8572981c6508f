"""What tests of the command share: how it is run, and canned answers of more than one test."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SEARCH = "/v1/searches/s_1"
TREND = {
    "name": "units",
    "objective": {"name": "val_accuracy", "direction": "max"},
    "points": [],
    "values": [
        {"value": 32, "count": 2, "mean": 0.8, "median": 0.8, "q25": 0.7, "q75": 0.9, "best": 0.9},
        {"value": 64, "count": 3, "mean": 0.95, "median": 0.96, "q25": 0.9, "q75": 1, "best": 0.97},
    ],
    "best_value": 64,
    "verdict": "monotone_increasing",
    "diminishing_returns_at": None,
}


@dataclass
class Ran:
    code: int
    out: str
    err: str
    fault: BaseException | None

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]
