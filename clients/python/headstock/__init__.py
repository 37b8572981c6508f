"""Client of Headstock, Keras Tuner as a service.

import headstock

client = headstock.Client()
search = client.submit("search.json").wait(progress=True)
print(search.best()[0].hyperparameters)
"""

from __future__ import annotations

from headstock._async._seam import AsyncWaiting
from headstock._async.client import AsyncClient
from headstock._async.figures import AsyncFigure
from headstock._async.jobs import AsyncFinalJob, AsyncRangeTest
from headstock._async.searches import AsyncSearch
from headstock._async.trials import AsyncBestTrial, AsyncTrial
from headstock._seam import Waiting
from headstock._version import __version__
from headstock._wire import Retries
from headstock.client import Client
from headstock.errors import (
    ApiError,
    ArtifactDamaged,
    CodeNotAllowed,
    Conflict,
    DatasetInUse,
    DatasetUnavailable,
    FieldError,
    Forbidden,
    HeadstockError,
    IdempotencyKeyReused,
    Invalid,
    InvalidDataset,
    InvalidDefinition,
    InvalidImport,
    InvalidPageToken,
    InvalidWeights,
    ModelNotReady,
    NameTaken,
    NoScoredTrial,
    NoSuchTrial,
    NotConfigured,
    NotFound,
    QuotaExceeded,
    ReportNotReady,
    RequestInProgress,
    SearchFailed,
    ServerFault,
    ServiceUnavailable,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    WaitTimeout,
    WrongState,
)
from headstock.figures import Figure
from headstock.jobs import FinalJob, RangeTest
from headstock.notebook.shown import Table
from headstock.searches import Search
from headstock.sources import NotPortable
from headstock.trials import BestTrial, Trial

__all__ = [
    "ApiError",
    "ArtifactDamaged",
    "AsyncBestTrial",
    "AsyncClient",
    "AsyncFigure",
    "AsyncFinalJob",
    "AsyncRangeTest",
    "AsyncSearch",
    "AsyncTrial",
    "AsyncWaiting",
    "BestTrial",
    "Client",
    "CodeNotAllowed",
    "Conflict",
    "DatasetInUse",
    "DatasetUnavailable",
    "FieldError",
    "Figure",
    "FinalJob",
    "Forbidden",
    "HeadstockError",
    "IdempotencyKeyReused",
    "Invalid",
    "InvalidDataset",
    "InvalidDefinition",
    "InvalidImport",
    "InvalidPageToken",
    "InvalidWeights",
    "ModelNotReady",
    "NameTaken",
    "NoScoredTrial",
    "NoSuchTrial",
    "NotConfigured",
    "NotFound",
    "NotPortable",
    "QuotaExceeded",
    "RangeTest",
    "ReportNotReady",
    "RequestInProgress",
    "Retries",
    "Search",
    "SearchFailed",
    "ServerFault",
    "ServiceUnavailable",
    "Table",
    "TooLarge",
    "TooManyRequests",
    "Trial",
    "Unauthenticated",
    "UnexpectedAnswer",
    "Unreachable",
    "WaitTimeout",
    "Waiting",
    "WrongState",
    "__version__",
]
