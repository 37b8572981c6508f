"""What the service answers, as frozen models. Fields this library does not know are ignored: newer services add some.

Times are aware UTC datetimes; durations are seconds, as their names say. Metrics that were not finite are None.
"""

from __future__ import annotations

from headstock.models.base import Document, Model, Objective, Page, Reason, Remark, Scalar, Value
from headstock.models.datasets import BuiltinDataset, Column, Dataset, DatasetInput, DatasetTarget, Weights
from headstock.models.jobs import FinalRecord, FinalSource, JobRecord, RangeSuggestion, RangeTestRecord
from headstock.models.platform import Event, LoginCode, TemplateName
from headstock.models.previews import (
    ClassCount,
    DatasetPreview,
    Feature,
    PreviewCell,
    PreviewInput,
    PreviewRow,
    PreviewTarget,
)
from headstock.models.searches import SEARCH_ENDED, BestScore, SearchCounts, SearchRecord, SearchState, TrialCounts
from headstock.models.trials import (
    TRIAL_ENDED,
    Attempt,
    AttemptLog,
    BestRecord,
    Epoch,
    Failure,
    Recipe,
    TrialRecord,
    TrialState,
)
from headstock.models.workers import MachineSample, Slot, SlotSample, Worker

__all__ = [
    "SEARCH_ENDED",
    "TRIAL_ENDED",
    "Attempt",
    "AttemptLog",
    "BestRecord",
    "BestScore",
    "BuiltinDataset",
    "ClassCount",
    "Column",
    "Dataset",
    "DatasetInput",
    "DatasetPreview",
    "DatasetTarget",
    "Document",
    "Epoch",
    "Event",
    "Failure",
    "Feature",
    "FinalRecord",
    "FinalSource",
    "JobRecord",
    "LoginCode",
    "MachineSample",
    "Model",
    "Objective",
    "Page",
    "PreviewCell",
    "PreviewInput",
    "PreviewRow",
    "PreviewTarget",
    "RangeSuggestion",
    "RangeTestRecord",
    "Reason",
    "Recipe",
    "Remark",
    "Scalar",
    "SearchCounts",
    "SearchRecord",
    "SearchState",
    "Slot",
    "SlotSample",
    "TemplateName",
    "TrialCounts",
    "TrialRecord",
    "TrialState",
    "Value",
    "Weights",
    "Worker",
]
