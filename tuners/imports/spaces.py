"""A search space from the values that were tried, where nobody wrote one down."""

from __future__ import annotations

from collections.abc import Sequence

from storage.records import Scalar
from tuners.imports.wire import MAX_NAME, refused
from tuners.list_values import is_list
from tuners.space import Hyperparameter, typed

_MOST_TEXTS = 1000
_DECADES = 100.0


def inferred(name: str, values: Sequence[Scalar]) -> Hyperparameter:
    """The hyperparameter that can take exactly these values or what lies between them.

    Whole numbers are an `int` and other numbers a `float` from the least to the largest, on a logarithmic scale where
    positive numbers span two decades or more; truth values are a `boolean`, texts and lists a `choice`.

    Args:
        values: At least one, in the order of the trials; the first becomes the default.

    Raises:
        Refused: The name is unusable, or there are more than 1,000 different texts.
    """
    check_name(name)
    if all(isinstance(value, bool) for value in values):
        return Hyperparameter(name=name, type="boolean", default=values[0])
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        whole = all(isinstance(value, int) for value in numbers)
        wide = low > 0 and high / low >= _DECADES
        return Hyperparameter(
            name=name,
            type="int" if whole else "float",
            default=values[0] if whole else float(numbers[0]),
            min_value=low if whole else float(low),
            max_value=high if whole else float(high),
            sampling="log" if wide else "linear",
        )
    different = tuple({typed(value): value for value in values}.values())
    if len(different) > _MOST_TEXTS:
        detail = f"`{name}` has {len(different)} different texts: name the hyperparameters, and leave it out"
        raise refused("too_many_values", detail, pointer="/hyperparameters")
    lists = all(is_list(value) for value in different)
    if not lists and any(is_list(value) for value in different):
        raise refused("mixed_values", f"`{name}` has both lists and other values")
    return Hyperparameter(name=name, type="choice", default=values[0], values=different)


def check_name(name: str) -> None:
    """Raises Refused for a name that no address and no table could show."""
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise refused("invalid_name", f"names have 1 to {MAX_NAME} printable characters; `{name[:40]}` has not")
