"""The types of model a definition can ask for: one module each, and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.definitions.models.base import ModelType
from tuners.definitions.models.sequential import check_sequential, resolve_sequential

MODEL_TYPES: Mapping[str, ModelType] = {
    "sequential": ModelType(check_sequential, resolve_sequential),
}
