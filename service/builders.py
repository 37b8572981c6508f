"""Definitions whose models a builder makes: which may be named, whether code may be sent, what a look has shown.

No builder is imported or run in this process; the planner's child does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.context import Context
from service.errors import CodeUploadDisabled
from storage.errors import FieldFault, InvalidDefinition
from storage.settings import Settings
from tuners.definitions import DataFacts, Definition, parse_definition
from tuners.definitions.faults import suggestion
from tuners.definitions.models import model_type
from tuners.planner.client import ModelFacts
from tuners.registered import registered, summary


def refuse_code(document: Mapping[str, object], settings: Settings) -> None:
    """Raises CodeUploadDisabled for a definition with code in its model where the operator has not allowed that."""
    model = document.get("model")
    if isinstance(model, Mapping) and "code" in model and not settings.code:
        raise CodeUploadDisabled(
            "this service does not run code from clients: the operator turns that on by the setting `code` "
            "(HEADSTOCK_CODE=true, `headstock up --allow-code`), or registers the builder under a name"
        )


def without_findings(document: dict[str, object]) -> dict[str, object]:
    """The document without what an earlier look has shown, as a stored definition that is sent again has it."""
    model = document.get("model")
    if not isinstance(model, Mapping) or model.get("type") != "builder":
        return document
    return {**document, "model": {key: value for key, value in model.items() if key != "found"}}


def is_built(definition: Definition) -> bool:
    """Whether a builder makes its models."""
    kind = model_type(definition.model)
    return kind is not None and kind.discovered


def looked_at(definition: Definition, facts: DataFacts, *, ctx: Context) -> tuple[Definition, ModelFacts]:
    """The definition with the hyperparameters its builder asks for, and the sizes of its models.

    Raises:
        InvalidDefinition: `unknown_builder`, or what looking at it has shown to be wrong.
    """
    target = _target(definition, ctx.settings)
    found = ctx.planner.discover(definition.to_json(), facts)
    document: dict[str, Any] = definition.to_json()
    document["hyperparameters"] = found.hyperparameters
    document["model"] = {**document["model"], "found": {**found.found, "target": target}}
    if found.epochs is not None:
        document["fit"]["epochs"] = found.epochs
    return parse_definition(document), found.size


def catalog_of_builders(settings: Settings) -> dict[str, Any]:
    """The registered builders by name, each with the first line of its docstring."""
    return {name: {"help": summary(target)} for name, target in registered(settings.builders).items()}


def _target(definition: Definition, settings: Settings) -> str | None:
    if "code" in definition.model:
        return None
    name, known = str(definition.model["builder"]), registered(settings.builders)
    if name not in known:
        detail = f"no builder of this name is registered{suggestion(name, known)}; GET /v1/catalog lists them"
        fault = FieldFault("/model/builder", "unknown_builder", detail)
        raise InvalidDefinition("1 problem found", (fault,))
    return known[name]
