"""The worked examples of the OpenAPI document. A test holds each against its schema.

They lie by subject in modules of their own and are all named here: a route, and still more a test of a client, shows
examples of several subjects, every name says which (`examples.RANGE_TEST`), and `trials`, `jobs` and `datasets` are
words that the callers use themselves.
"""

from __future__ import annotations

from service.examples.analysis import COMPARISON, CONTOUR, DIAGNOSES, DIAGNOSIS, IMPORTANCE, PARALLEL, TRADEOFF
from service.examples.catalog import CATALOG
from service.examples.common import page
from service.examples.datasets import BUILTIN, DATASET, PREVIEW, WEIGHTS
from service.examples.jobs import (
    FINAL,
    FINAL_REPORT,
    FINAL_REQUEST,
    NEW_RANGE_TEST,
    RANGE_TEST,
    RANGE_TEST_DETAIL,
    RANGE_TEST_REQUEST,
)
from service.examples.searches import DEFINITION, IMPORTED_SEARCH, PATCH, PLAN, SEARCH, SEARCH_COUNTS, SEARCH_DETAIL
from service.examples.sign_in import LOGIN_CODE
from service.examples.texts import CSV, EVENTS, METRICS
from service.examples.trends import EPOCH_TREND, HYPERPARAMETER_TREND, OBJECTIVE_TREND
from service.examples.trials import ATTEMPT, BEST, CODE, EPOCH, LOG, QUEUED_TRIAL, RUNNING_TRIAL, SEARCH_EPOCH, TRIAL
from service.examples.workers import WORKER

__all__ = [
    "ATTEMPT",
    "BEST",
    "BUILTIN",
    "CATALOG",
    "CODE",
    "COMPARISON",
    "CONTOUR",
    "CSV",
    "DATASET",
    "DEFINITION",
    "DIAGNOSES",
    "DIAGNOSIS",
    "EPOCH",
    "EPOCH_TREND",
    "EVENTS",
    "FINAL",
    "FINAL_REPORT",
    "FINAL_REQUEST",
    "HYPERPARAMETER_TREND",
    "IMPORTANCE",
    "IMPORTED_SEARCH",
    "LOG",
    "LOGIN_CODE",
    "METRICS",
    "NEW_RANGE_TEST",
    "OBJECTIVE_TREND",
    "PARALLEL",
    "PATCH",
    "PLAN",
    "PREVIEW",
    "QUEUED_TRIAL",
    "RANGE_TEST",
    "RANGE_TEST_DETAIL",
    "RANGE_TEST_REQUEST",
    "RUNNING_TRIAL",
    "SEARCH",
    "SEARCH_COUNTS",
    "SEARCH_DETAIL",
    "SEARCH_EPOCH",
    "TRADEOFF",
    "TRIAL",
    "WEIGHTS",
    "WORKER",
    "page",
]
