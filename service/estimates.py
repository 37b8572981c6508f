"""What a checked definition will cost, as the API tells it."""

from __future__ import annotations

from service.context import Context
from service.schemas.base import WarningOut
from service.schemas.searches import BracketOut, ParametersOut, PlanOut, RungOut, SecondsOut
from service.submission import Checked
from service.trends.quantiles import quantile
from storage.ids import DatasetId
from storage.records import SearchFilter
from storage.states import TRIAL_SCORED
from tuners.plan import Plan

# Weights of the best epoch, and for going on: weights and two moments per weight (Adam and its kin), at 4 bytes each.
_BYTES_PER_PARAMETER = 4 * (1 + 3)
_SEARCHES_LOOKED_AT = 10
_TRIALS_LOOKED_AT = 200


def warnings_of(plan: Plan) -> list[WarningOut]:
    """What the plan found odd but allowed."""
    return [WarningOut(code=said.code, pointer=said.pointer, message=said.detail) for said in plan.warnings]


def plan_document(checked: Checked, *, owner: str, ctx: Context) -> PlanOut:
    """The plan with what only the service knows: disk, and seconds from like trials."""
    plan, model = checked.plan, checked.model
    disk = None
    if plan.trials is not None and model.max_parameters is not None:
        disk = plan.trials * checked.definition.trainings_per_trial * model.max_parameters * _BYTES_PER_PARAMETER
    return PlanOut(
        trials=plan.trials,
        epochs=plan.epochs,
        space_size=plan.space_size,
        brackets=[
            BracketOut(
                bracket=bracket.number,
                rounds=[
                    RungOut(round=number, trials=rung.trials, epochs=rung.target_epochs)
                    for number, rung in enumerate(bracket.rounds)
                ],
            )
            for bracket in plan.brackets
        ],
        parameters=ParametersOut(min=model.min_parameters, max=model.max_parameters, default=model.default_parameters),
        disk_bytes=disk,
        seconds=_seconds(checked, owner=owner, ctx=ctx),
        warnings=warnings_of(plan),
    )


def _seconds(checked: Checked, *, owner: str, ctx: Context) -> SecondsOut | None:
    if checked.plan.epochs is None:
        return None
    per_epoch = sorted(_measured(checked, owner=owner, ctx=ctx))
    if not per_epoch:
        return None
    epochs_in_line = checked.plan.epochs / checked.definition.parallelism
    return SecondsOut(
        estimate=epochs_in_line * quantile(per_epoch, 0.5),
        low=epochs_in_line * quantile(per_epoch, 0.1),
        high=epochs_in_line * quantile(per_epoch, 0.9),
        measured_trials=len(per_epoch),
    )


def _measured(checked: Checked, *, owner: str, ctx: Context) -> list[float]:
    """Seconds per epoch, with building and tracing spread over the epochs, of the owner's like trials."""
    where = SearchFilter(owner=owner, dataset_id=DatasetId(checked.dataset.id))
    found: list[float] = []
    for search in ctx.repository.list_searches(where, limit=_SEARCHES_LOOKED_AT).items:
        if search.executions_per_trial != checked.definition.trainings_per_trial or not search.epochs_recorded:
            continue
        trials = ctx.repository.list_trials(search.id, limit=_TRIALS_LOOKED_AT, states=TRIAL_SCORED).items
        found += [trial.seconds / trial.epochs for trial in trials if trial.epochs and trial.seconds > 0]
    return found[:_TRIALS_LOOKED_AT]
