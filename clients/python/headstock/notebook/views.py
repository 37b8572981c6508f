"""What each kind of result looks like as HTML."""

from __future__ import annotations

from functools import singledispatch

from headstock.analysis import Comparison, Diagnosis, Importance, Tradeoff
from headstock.models import (
    Dataset,
    DatasetPreview,
    FinalRecord,
    Model,
    RangeTestRecord,
    SearchRecord,
    TrialRecord,
    Worker,
)
from headstock.notebook.blocks import cell, facts, frame
from headstock.notebook.jobs import final_html, range_test_html
from headstock.notebook.markup import tag
from headstock.notebook.plans import plan_html
from headstock.notebook.resources import dataset_html, preview_html, worker_html
from headstock.notebook.results import (
    comparison_html,
    diagnosis_html,
    epoch_trend_html,
    hyperparameter_trend_html,
    importance_html,
    objective_trend_html,
    tradeoff_html,
    trial_html,
)
from headstock.notebook.summary import search_html
from headstock.plans import Plan
from headstock.trends import EpochTrend, HyperparameterTrend, ObjectiveTrend


@singledispatch
def html_of(result: object) -> str:
    """A result as HTML."""
    raise TypeError(f"nothing is known of how a {type(result).__name__} looks")


@html_of.register
def _(result: Model) -> str:
    """Of those without a view of their own: all that there is."""
    rows = []
    for name in type(result).model_fields:
        value = getattr(result, name)
        if value not in (None, [], {}):
            rows.append((name, cell(value)))
    return frame(tag("b", type(result).__name__), facts(rows))


html_of.register(SearchRecord, search_html)
html_of.register(TrialRecord, trial_html)
html_of.register(FinalRecord, final_html)
html_of.register(RangeTestRecord, range_test_html)
html_of.register(Plan, plan_html)
html_of.register(Dataset, dataset_html)
html_of.register(DatasetPreview, preview_html)
html_of.register(Worker, worker_html)
html_of.register(ObjectiveTrend, objective_trend_html)
html_of.register(HyperparameterTrend, hyperparameter_trend_html)
html_of.register(EpochTrend, epoch_trend_html)
html_of.register(Importance, importance_html)
html_of.register(Tradeoff, tradeoff_html)
html_of.register(Comparison, comparison_html)
html_of.register(Diagnosis, diagnosis_html)
