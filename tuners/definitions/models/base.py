"""What each type of model brings to the definition language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.records import Scalar
from tuners.definitions.facts import DataFacts
from tuners.definitions.walking import Walk


@dataclass(frozen=True)
class ResolvedModel:
    """A model at one point, without holes.

    Attributes:
        document: The `model` part of the resolved definition, except its `type`.
        pointers: For each resolved layer (or node) the place in the definition where it was written.
    """

    document: dict[str, object]
    pointers: list[str]


@dataclass(frozen=True)
class ModelType:
    """One `model.type`.

    Attributes:
        check: Adds a fault for everything wrong with the model, and notes the hyperparameters it uses.
        resolve: The model at one point.
        compiled: Whether the definition says in `compile` which optimizer and loss are used.
        in_epochs: Whether training goes in epochs, so that `fit.epochs` and `fit.batch_size` mean something.
        discovered: Whether the hyperparameters are found by looking at the model, once, when it is submitted.
        several: Whether examples and targets may consist of several named arrays.
        outputs: The names of the model's outputs when it has several; empty when it has one, or the model is faulty.
    """

    check: Callable[[Mapping[str, object], Walk], None]
    resolve: Callable[[Mapping[str, object], Mapping[str, Scalar], DataFacts], ResolvedModel]
    compiled: bool = True
    in_epochs: bool = True
    discovered: bool = False
    several: bool = False
    outputs: Callable[[Mapping[str, object]], tuple[str, ...]] = lambda model: ()
