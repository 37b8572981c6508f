"""Refusals of what only the built model shows, with the point of the space where it was seen."""

from __future__ import annotations

from storage.errors import FieldFault, InvalidDefinition
from storage.records import Scalar
from tuners.failures import BuildFault
from tuners.planner.corners import Corner

_SHOWN_VALUES = 12


def refused(pointer: str, code: str, detail: str) -> InvalidDefinition:
    """The refusal of a model with one fault."""
    return InvalidDefinition("the model cannot be built", (FieldFault(pointer, code, detail),))


def refused_at(fault: BuildFault, code: str, corner: Corner, more: str = "") -> InvalidDefinition:
    """The refusal for a fault of building at a corner."""
    return refused(fault.pointer, code, located(fault.message, corner) + more)


def located(message: str, corner: Corner) -> str:
    """The message with the values of the corner."""
    if not corner.values:
        return message
    shown = [f"{name}={_value(value)}" for name, value in list(corner.values.items())[:_SHOWN_VALUES]]
    if len(corner.values) > _SHOWN_VALUES:
        shown.append("...")
    return f"{message} (at {corner.label}: {', '.join(shown)})"


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
