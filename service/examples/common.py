"""What examples of several subjects have in common."""

from __future__ import annotations

from typing import Any

HEX = "019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"
SEARCH_ID, TRIAL_ID, DATASET_ID = f"s_{HEX}", f"t_{HEX}", f"d_{HEX}"

METRIC: dict[str, Any] = {"name": "val_accuracy", "direction": "max"}


def page(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item], "next_page_token": None}
