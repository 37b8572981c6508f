"""Final trainings and range tests: from a request to a job, and from a job to what it left."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from service.context import Context
from service.errors import InvalidRequest, NoScoredTrial, ReportNotReady
from service.json_body import escape_pointer
from service.reports import result_of
from service.schemas.jobs import FinalRequest, RangeTestRequest
from service.submission import Checked, check, library_versions
from storage.errors import ArtifactDamaged, FieldFault, InvalidDefinition, NotFound, WrongState
from storage.files import Artifact, ArtifactKind
from storage.ids import SearchId, TrialId
from storage.records import IMPORTED, Limits, NewSearch, Objective, Scalar, Search, SearchFilter, SearchKind, Trial
from storage.states import SearchState
from tuners.definitions.models import MODEL_TYPES
from tuners.list_values import held
from tuners.space import Space

_MOST_JOBS = 500
_PORTIONS = 10
"""A range test reports its steps in so many portions."""

_SINGLE: dict[str, Any] = {
    "tuner": "fixed",
    "limits": Limits(max_trials=1),
    "parallelism": 1,
    "executions_per_trial": 1,
    "planned_trials": 1,
}
CARD = "model-card.md"
_SPENT = frozenset({SearchState.FAILED, SearchState.CANCELLED})


def get_job(job_id: SearchId, kind: SearchKind, *, owner: str, ctx: Context) -> Search:
    """The job. Raises NotFound for another kind's id as for no one's."""
    job = ctx.repository.get_search(job_id, owner=owner)
    if job.kind != kind:
        raise NotFound(f"{job_id} is no {kind}")
    return job


def job_trial(job: Search, ctx: Context) -> Trial | None:
    """The job's one trial; None while the coordinator has not taken the job up."""
    trials = ctx.repository.list_trials(job.id, limit=1).items
    return trials[0] if trials else None


# Final trainings


def start_final(search: Search, body: FinalRequest, *, key: str | None, ctx: Context) -> Search:
    """Store a final training; or the one that is there, when the same was asked for before and has not failed.

    Raises:
        WrongState: `search` is a job itself, or was imported.
        NoScoredTrial: There is nothing to retrain.
        NotFound: The search has no such trial, or the data set is gone.
        InvalidRequest: Epochs were given for a model without any.
        IdempotencyKeyReused: The key belongs to another request.
    """
    if search.kind != "search":
        raise WrongState(f"{search.id} is a job: retrain a trial of the search that it came from")
    if search.tuner == IMPORTED:
        raise WrongState(f"{search.id} was imported: neither its model nor its data are known here")
    trial = _source(search, body, ctx)
    new = _final(search, trial, body)
    spent = 0
    for job in _finals(search, trial, ctx):
        same = (job.seed, job.options["values"], job.options["epochs"]) == (
            new.seed,
            new.options["values"],
            new.options["epochs"],
        )
        if same and job.state not in _SPENT:
            return job
        spent += same
    # A blank is in no client's key. With it, two equal requests at one moment make one job.
    own = f"final {trial.id} {new.options['epochs']} {new.seed} {spent}"
    made, _ = ctx.repository.create_search(new, idempotency_key=key or own, most_open=ctx.settings.max_open_searches)
    return made


def _source(search: Search, body: FinalRequest, ctx: Context) -> Trial:
    if body.trial_id is None:
        best = ctx.repository.best_trials(search.id, count=1)
        if not best:
            raise NoScoredTrial("no trial of the search has a score yet")
        return best[0]
    trial = ctx.repository.get_trial(TrialId(body.trial_id))
    if trial.search_id != search.id:
        raise NotFound(f"the search has no trial {trial.id}")
    if trial.score is None:
        raise NoScoredTrial("the trial has no score: retrain one that has")
    return trial


def _final(search: Search, trial: Trial, body: FinalRequest) -> NewSearch:
    in_epochs = MODEL_TYPES[_model_type(search)].in_epochs
    if body.epochs is not None and not in_epochs:
        fault = FieldFault("/epochs", "not_together", "the model is not trained in epochs: leave it out")
        raise InvalidRequest("1 problem found", (fault,))
    epochs = 1 if not in_epochs else body.epochs or (trial.best_epoch or 0) + 1
    # Nothing is set aside, so what was measured on the validation part is measured on the rows trained on.
    objective = Objective(search.objective.name.removeprefix("val_"), search.objective.direction)
    source = {
        "search_id": search.id,
        "search_name": search.name,
        "trial_id": trial.id,
        "trial_number": trial.number,
        "objective": asdict(search.objective),
        "score": trial.score,
        "best_epoch": trial.best_epoch,
        "executions": search.executions_per_trial,
        "metrics": dict(trial.metrics),
    }
    return NewSearch(
        owner=search.owner,
        name=search.name,
        definition=search.definition,
        space=search.space,
        dataset_id=search.dataset_id,
        objective=objective,
        tags=search.tags,
        seed=search.seed if body.seed is None else body.seed,
        priority=search.priority,
        max_retries_per_trial=search.max_retries_per_trial,
        versions=library_versions(),
        kind="finalize",
        source_trial_id=trial.id,
        options={"values": dict(trial.values), "epochs": epochs, "source": source},
        planned_epochs=epochs,
        **_SINGLE,
    )


def _model_type(search: Search) -> str:
    model = search.definition["model"]
    assert isinstance(model, Mapping)
    return str(model["type"])


def _finals(search: Search, trial: Trial, ctx: Context) -> tuple[Search, ...]:
    where = SearchFilter(owner=search.owner, kind="finalize", source_trial_id=trial.id)
    return ctx.repository.list_searches(where, limit=_MOST_JOBS).items


def latest_final(search: Search, ctx: Context) -> Search:
    """The newest final training of the search's trials. Raises NotFound when there is none."""
    where = SearchFilter(owner=search.owner, kind="finalize", source_search_id=search.id)
    found = ctx.repository.list_searches(where, limit=1).items
    if not found:
        raise NotFound(f"search {search.id} has no final training")
    return found[0]


# Range tests


def start_range_test(body: RangeTestRequest, *, owner: str, key: str | None, ctx: Context) -> Search:
    """Check the definition and store a range test.

    Raises:
        InvalidRequest: The rates or values are wrong.
        InvalidDefinition: The definition is wrong, with places below `/definition`.
        DatasetUnavailable: It names a downloadable data set that could not be fetched.
        IdempotencyKeyReused: The key belongs to another request.
    """
    if body.min_rate >= body.max_rate:
        fault = FieldFault("/max_rate", "out_of_range", "must be greater than min_rate")
        raise InvalidRequest("1 problem found", (fault,))
    try:
        checked = check(body.definition, owner=owner, ctx=ctx)
        _refuse_uncompiled(checked)
    except InvalidDefinition as error:
        faults = tuple(replace(fault, pointer=f"/definition{fault.pointer}") for fault in error.faults)
        raise InvalidDefinition(error.message, faults) from error
    values = _point(checked.space, body.values or {})
    definition = checked.definition
    portions = min(_PORTIONS, body.steps)
    options = {"values": values, "epochs": portions, **body.model_dump(exclude={"definition", "values"})}
    new = NewSearch(
        owner=owner,
        name=definition.name,
        definition=definition.to_json(),
        space=checked.space.to_json(),
        dataset_id=checked.dataset.id,
        objective=Objective("loss", "min"),
        tags=dict(definition.tags),
        # Always the same without one: a repeated request must be the same request.
        seed=definition.seed or 0,
        priority=definition.priority,
        max_retries_per_trial=definition.max_retries_per_trial,
        versions=library_versions(),
        kind="lr_range_test",
        options=options,
        planned_epochs=portions,
        **_SINGLE,
    )
    job, _ = ctx.repository.create_search(new, idempotency_key=key, most_open=ctx.settings.max_open_searches)
    return job


def _refuse_uncompiled(checked: Checked) -> None:
    if checked.definition.model["type"] == "sklearn":
        detail = "a model of scikit-learn has no learning rate that rises from batch to batch"
        raise InvalidDefinition("1 problem found", (FieldFault("/model/type", "unsupported_combination", detail),))


def _point(space: Space, given: Mapping[str, Any]) -> dict[str, Scalar]:
    """The point of the given values and, for the rest, the defaults.

    Raises:
        InvalidRequest: A value is none of its hyperparameter's, or the point breaks a constraint.
    """
    faults: list[FieldFault] = []
    values: dict[str, Scalar] = {each.name: each.default for each in space.hyperparameters}
    for name, value in given.items():
        pointer = f"/values/{escape_pointer(name)}"
        hyperparameter = space.by_name.get(name)
        inside = held(value) if isinstance(value, list) else value
        if hyperparameter is None:
            faults.append(FieldFault(pointer, "unknown_hyperparameter", "the definition has no such hyperparameter"))
        elif inside is None or not hyperparameter.contains(inside):
            faults.append(FieldFault(pointer, "out_of_range", "the hyperparameter cannot take this value"))
        else:
            values[name] = hyperparameter.canonical(inside)
    point = space.active(values)
    faults += [FieldFault("/values", "constraint_broken", text) for text in space.broken_constraints(point)]
    if faults:
        raise InvalidRequest("1 problem found" if len(faults) == 1 else f"{len(faults)} problems found", tuple(faults))
    return point


# Results


def read_report(job: Search, ctx: Context) -> dict[str, Any]:
    """The job's report.

    Raises:
        ReportNotReady: There is none (yet).
        ArtifactDamaged: Its file is missing or has changed.
    """
    document: dict[str, Any] = json.loads(result_file(job, "report", ctx).read_bytes())
    return document


def result_file(job: Search, kind: Literal["report", "model", "bundle"], ctx: Context) -> Path:
    """A file that a job has left. Raises like `read_report`."""
    found = _result(job, kind, ctx)
    if found is None:
        if job.state in _SPENT:
            raise ReportNotReady(f"the job is {job.state.value}: it left no {kind}")
        raise ReportNotReady(f"there is no {kind} yet: the job has not ended")
    return ctx.store.local_path(found.key, sha256=found.sha256)


def read_card(job: Search, ctx: Context) -> str:
    """The model card, as it lies in the bundle. Raises like `read_report`."""
    try:
        with zipfile.ZipFile(result_file(job, "bundle", ctx)) as bundle:
            return bundle.read(CARD).decode("utf-8")
    except (zipfile.BadZipFile, KeyError) as error:
        raise ArtifactDamaged(f"The bundle of {job.id} cannot be read.") from error


def has_results(job: Search, ctx: Context) -> bool:
    return _result(job, "report", ctx) is not None


def _result(job: Search, kind: ArtifactKind, ctx: Context) -> Artifact | None:
    trial = job_trial(job, ctx)
    return None if trial is None else result_of(trial, kind, ctx.repository)
