"""From a client's document to something that can be stored or costed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from service.builders import is_built, looked_at, refuse_code, without_findings
from service.context import Context
from service.weights import with_known_weights
from storage.datasets import Dataset
from storage.errors import FieldFault, InvalidDefinition, NotFound
from storage.ids import DatasetId
from storage.records import NewSearch
from tuners.datasets.builtin_names import find_builtin
from tuners.definitions import DataFacts, Definition, check_against_data, parse_definition
from tuners.plan import Plan, plan
from tuners.planner.client import ModelFacts
from tuners.space import Space

_RECORDED = ("headstock-server", "keras", "keras-tuner", "tensorflow", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition that has passed every check, with what was learned on the way."""

    definition: Definition
    space: Space
    dataset: Dataset
    facts: DataFacts
    model: ModelFacts
    plan: Plan


def check(document: dict[str, object], *, owner: str, ctx: Context) -> Checked:
    """Everything that can be known of a definition before it runs, cheapest checks first.

    Raises:
        CodeUploadDisabled: It holds code, and the operator has not allowed that.
        InvalidDefinition: With the places.
        DatasetUnavailable: It names a downloadable data set that could not be fetched.
        TooManyRequests: Too many checks are under way.
    """
    refuse_code(document, ctx.settings)
    definition = parse_definition(without_findings(document))
    with ctx.checks.entered():
        return _checked(definition, owner=owner, ctx=ctx)


def _checked(definition: Definition, *, owner: str, ctx: Context) -> Checked:
    dataset = find_dataset(definition, owner=owner, ctx=ctx)
    facts = DataFacts.of(dataset, definition.dataset)
    check_against_data(definition, facts)
    definition = with_known_weights(definition, owner=owner, ctx=ctx)
    if is_built(definition):
        definition, model = looked_at(definition, facts, ctx=ctx)
        check_against_data(definition, facts)
    else:
        model = ctx.planner.check(definition.to_json(), facts)
    space = definition.space()
    return Checked(definition, space, dataset, facts, model, plan(definition, space, facts))


def find_dataset(definition: Definition, *, owner: str, ctx: Context) -> Dataset:
    """The stored data set a definition means; a built-in one is prepared and kept when it is named first."""
    wanted = definition.dataset
    if wanted.id is not None:
        try:
            return ctx.repository.get_dataset(DatasetId(wanted.id), owner=owner)
        except NotFound as error:
            raise _unknown("/dataset/id") from error
    assert wanted.name is not None
    found = ctx.repository.find_dataset(wanted.name, owner=owner)
    if found is not None:
        return found
    if find_builtin(wanted.name) is None:
        raise _unknown("/dataset/name")
    return ctx.datasets.builtin(wanted.name, owner)


def _unknown(pointer: str) -> InvalidDefinition:
    fault = FieldFault(pointer, "unknown_dataset", "no data set of yours, and none built in, is called that")
    return InvalidDefinition("1 problem found", (fault,))


def new_search(checked: Checked, *, owner: str) -> NewSearch:
    """The record to store for a checked definition."""
    definition = checked.definition
    return NewSearch(
        owner=owner,
        name=definition.name,
        definition=definition.to_json(),
        space=checked.space.to_json(),
        dataset_id=checked.dataset.id,
        objective=definition.objective.to_record(),
        tuner=definition.tuner.type,
        limits=definition.limits.to_record(),
        parallelism=definition.parallelism,
        executions_per_trial=definition.trainings_per_trial,
        max_retries_per_trial=definition.max_retries_per_trial,
        priority=definition.priority,
        # A search without a seed of its own gets one all the same, so that what it did can be done again.
        seed=definition.seed if definition.seed is not None else secrets.randbelow(2**31 - 1) + 1,
        tags=dict(definition.tags),
        planned_trials=checked.plan.trials,
        planned_epochs=checked.plan.epochs,
        versions=library_versions(),
    )


@cache
def library_versions() -> dict[str, str]:
    """Versions of what a search depends on, read from package metadata: importing them here would take seconds."""
    found = {}
    for name in _RECORDED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
