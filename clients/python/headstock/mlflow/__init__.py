"""A search's trials, and jobs, as runs of an MLflow tracking server, one experiment a search.

    send_search(client.search("digits-mlp"), "http://mlflow.example:5000")

Runs are written through MLflow's REST API (https://mlflow.org/docs/latest/api_reference/rest-api.html), of which seven
calls are enough (`server`). Everything here may be repeated: a run carries the id of its trial and how far what there
is of it has been sent, so that writing a trial again finds its run and adds what is missing (`writer`). The service's
own follower (`service.mlflow`) writes with the same code; the two differ in where `tracked` things are read.
"""

from __future__ import annotations

from headstock.mlflow.sending import send_job, send_search
from headstock.mlflow.server import MlflowError, MlflowRefused, MlflowServer, MlflowUnavailable
from headstock.mlflow.tracked import TrackedEpoch, TrackedJob, TrackedSearch, TrackedTrial
from headstock.mlflow.writer import RunWriter

__all__ = [
    "MlflowError",
    "MlflowRefused",
    "MlflowServer",
    "MlflowUnavailable",
    "RunWriter",
    "TrackedEpoch",
    "TrackedJob",
    "TrackedSearch",
    "TrackedTrial",
    "send_job",
    "send_search",
]
