"""What definitions are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from fastapi import Path, Request, Response

from service import examples
from service.builders import catalog_of_builders
from service.contracts import answers
from service.dependencies import Ctx, Reader, protected_router
from service.kept_bytes import Body
from service.schemas.base import Page
from service.schemas.platform import TemplateNameOut
from storage import errors
from tuners.catalogue import Argument, Entry, catalogue
from tuners.catalogue.applications import applications
from tuners.catalogue.estimators import EstimatorCatalogue, estimator_catalogue
from tuners.definitions.metrics import usual_direction
from tuners.templates import template, template_names

router = protected_router("platform")


@router.get(
    "/templates",
    summary="List templates",
    responses=answers(200, examples.page({"name": "mlp"}), description="All of them."),
)
def list_templates(caller: Reader) -> Page[TemplateNameOut]:
    """Names of the stored definitions to start from."""
    return Page(items=[TemplateNameOut(name=name) for name in template_names()], next_page_token=None)


@router.get(
    "/templates/{name}",
    summary="Read a template",
    responses=answers(200, examples.DEFINITION, errors.NotFound, description="A definition."),
)
def read_template(name: Annotated[str, Path(max_length=64, examples=["mlp"])], caller: Reader) -> dict[str, Any]:
    """A stored definition, to be edited and submitted."""
    if name not in template_names():
        raise errors.NotFound("no such template")
    return dict(template(name))


@router.get(
    "/catalog",
    summary="Read the catalog",
    response_model=dict[str, Any],
    responses=answers(200, examples.CATALOG, description="By kind and name."),
)
def read_catalog(caller: Reader, ctx: Ctx, request: Request) -> Response:
    """Layers (with how many inputs they take where it is not one), optimizers, losses, metrics, callbacks, tuners and
    what else definitions may name, with their arguments: the types, ranges and defaults that submissions are checked
    against. Of a metric also the name under which it is logged, and which way it is better. Then the backbones of
    models of type `application`, with their smallest images and the names of the layers that have weights; the
    estimators, steps and metrics of models of type `sklearn`; the builders that the operator has registered, and
    whether definitions may bring code of their own.
    """
    return _catalog(json.dumps([catalog_of_builders(ctx.settings), ctx.settings.code])).answer(
        request, cache="private, no-cache"
    )


@lru_cache(maxsize=1)
def _catalog(of_settings: str) -> Body:
    """Half a megabyte that changes only with what the operator allows: `[builders, code]` as JSON."""
    builders, code = json.loads(of_settings)
    known = catalogue()
    sections = (
        "layers", "optimizers", "losses", "metrics", "callbacks", "initializers", "regularizers", "constraints",
        "tuners",
    )  # fmt: skip
    document = {
        "keras_version": known.keras_version,
        **{section: _entries(getattr(known, section)) for section in sections},
        "metrics": _of_metrics(known.metrics),
        "applications": _of_applications(),
        **_of_estimators(estimator_catalogue()),
        "builders": builders,
        "code": code,
    }
    return Body.of(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), "application/json")


def _of_metrics(entries: Mapping[str, Entry]) -> dict[str, Any]:
    shown = _entries(entries)
    for name, entry in entries.items():
        shown[name] |= {"logged_as": entry.logged_as, "direction": usual_direction(entry.logged_as)}
    return shown


def _of_applications() -> dict[str, Any]:
    shown = _entries(applications())
    for name, entry in applications().items():
        shown[name] |= {
            "minimum": entry.minimum,
            "preprocessing": entry.preprocessing,
            "parameters": entry.parameters,
            "layers": list(entry.weighted),
        }
    return shown


def _of_estimators(known: EstimatorCatalogue) -> dict[str, Any]:
    estimators = _entries(known.estimators)
    for name, entry in known.estimators.items():
        estimators[name] |= {"tasks": list(entry.tasks), "sample_weight": entry.weights}
    return {
        "scikit_learn_version": known.scikit_learn_version,
        "estimators": estimators,
        "steps": _entries(known.steps),
        "estimator_metrics": {
            name: {"help": metric.help, "tasks": list(metric.tasks), "direction": metric.direction}
            for name, metric in known.metrics.items()
        },
    }


def _entries(entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {
        name: {
            "group": entry.group,
            "help": entry.help,
            "aliases": list(entry.aliases),
            "arguments": {argument: _argument(said) for argument, said in entry.arguments.items()},
            **({} if entry.inputs == (1, 1) else {"inputs": list(entry.inputs)}),
        }
        for name, entry in entries.items()
    }


def _argument(argument: Argument) -> dict[str, Any]:
    said: dict[str, Any] = {"kinds": list(argument.kinds), "required": argument.required, "help": argument.help}
    if not argument.required:
        said["default"] = argument.default
    if argument.choices is not None:
        said["choices"] = list(argument.choices)
    if argument.minimum is not None:
        said["exclusive_minimum" if argument.exclusive_minimum else "minimum"] = argument.minimum
    if argument.maximum is not None:
        said["exclusive_maximum" if argument.exclusive_maximum else "maximum"] = argument.maximum
    if any(kind.endswith("_list") for kind in argument.kinds):
        said |= {"min_items": argument.min_items, "max_items": argument.max_items}
    return said
