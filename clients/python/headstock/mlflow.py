"""A search's trials as runs of an MLflow tracking server, one experiment a search.

    send_search(client.search("digits-mlp"), "http://mlflow.example:5000")

Runs are written through MLflow's REST API (https://mlflow.org/docs/latest/api_reference/rest-api.html), of which seven
calls are enough. Everything here may be repeated: a run carries the id of its trial and how far its epochs have been
sent, so that writing a trial again finds its run and adds what is missing. The service's own follower
(`service.mlflow`) writes with the same code.
"""

from __future__ import annotations

import json
import math
import os
import re
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from headstock.connection import is_loopback
from headstock.errors import HeadstockError

if TYPE_CHECKING:
    from headstock.searches import Search

TIMEOUT_S = 20.0
SEARCH_ID, TRIAL_ID = "headstock.search_id", "headstock.trial_id"
STATE, SENT = "headstock.state", "headstock.sent"
SCORE, SECONDS, PARAMETERS = "trial/score", "trial/seconds", "trial/parameters"
"""Metrics that belong to the trial and not to an epoch; no metric of a model has such a name."""
# What one call may carry (MLflow's own limits are 1000 metrics, 100 parameters, 100 tags, 1000 together).
_MOST_METRICS = 800
_MOST_PARAMS = 100
_MOST_CHARACTERS = 5000
_NOT_IN_NAMES = re.compile(r"[^\w.\- :]")
_STATUSES = {
    "QUEUED": "SCHEDULED",
    "RUNNING": "RUNNING",
    "COMPLETED": "FINISHED",
    "STOPPED": "FINISHED",
    "FAILED": "FAILED",
    "CANCELLED": "KILLED",
}
_ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
# Of a proxy or the server itself; anything else is about what was asked.
_LATER = frozenset({401, 403, 408, 425, 429})


class MlflowError(HeadstockError):
    """The tracking server did not take what was sent."""


class MlflowUnavailable(MlflowError):
    """It did not answer, is busy, or lets nobody in: the same call may succeed later."""


class MlflowRefused(MlflowError):
    """It will not take this, now or later; `code` is MLflow's word for it."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedSearch:
    """What an experiment says of its search."""

    id: str
    name: str
    objective: str
    direction: str
    tuner: str
    executions: int
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedTrial:
    """What a run says of its trial. `values` are as the API shows them; `state` is one of the API's words."""

    id: str
    number: int
    state: str
    values: Mapping[str, object]
    score: float | None
    best_epoch: int | None
    metrics: Mapping[str, float | None]
    attempts: int
    seconds: float
    parameters: int | None
    device: str | None
    parent_trial_id: str | None
    failure_code: str | None
    failure_message: str | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedEpoch:
    """One recorded epoch; None stands for a value that was not finite."""

    execution: int
    fold: int | None
    epoch: int
    metrics: Mapping[str, float | None]
    recorded_at: datetime


@dataclass(slots=True)
class Run:
    """What the server has of a run, as far as it matters to what is still to be sent."""

    id: str
    status: str
    params: dict[str, str]
    tags: dict[str, str]


class MlflowServer:
    """The calls of the REST API that are needed. Safe for threads as httpx's client is.

    Args:
        uri: `http://` or `https://`; a name and password in it are used and never shown.
        token: A bearer token; else `MLFLOW_TRACKING_TOKEN`, or `MLFLOW_TRACKING_USERNAME` and `..._PASSWORD`.
        timeout_s: Seconds one call may take.

    Raises:
        MlflowRefused: The address is not one of HTTP.
    """

    def __init__(self, uri: str, *, token: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        try:
            url = httpx.URL(uri)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            message = "an MLflow tracking server has an address like http://127.0.0.1:5000"
            raise MlflowRefused(message, code="INVALID_ADDRESS")
        self.address = str(url.copy_with(username=None, password=None)).rstrip("/")
        token = token or os.environ.get("MLFLOW_TRACKING_TOKEN")
        login = _login(url)
        self._client = httpx.Client(
            base_url=f"{self.address}/api/2.0/mlflow/",
            headers={"Authorization": f"Bearer {token}"} if token and login is None else {},
            auth=login,
            timeout=timeout_s,
            trust_env=not is_loopback(url.host),
            # Reading all certificates there are takes a while, for nothing where none is asked for.
            verify=True if url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def close(self) -> None:
        self._client.close()

    def call(self, verb: str, path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """One call; the answer's document.

        Raises:
            MlflowUnavailable: It may be repeated later.
            MlflowRefused: It need not be.
        """
        try:
            if verb == "GET":
                answer = self._client.get(path, params=dict(content))
            else:
                answer = self._client.post(path, json=content)
        except httpx.HTTPError as error:
            raise MlflowUnavailable(f"{self.address} did not answer ({type(error).__name__})") from error
        if answer.is_success:
            document = _document(answer)
            if document is None:
                raise MlflowUnavailable(f"what answers at {self.address} is no MLflow tracking server")
            return document
        told = _document(answer) or {}
        code, message = str(told.get("error_code", "")), str(told.get("message", ""))[:500]
        if answer.status_code >= 500 or answer.status_code in _LATER or not code:
            raise MlflowUnavailable(f"{self.address} answered {answer.status_code} to {path}: {message}")
        raise MlflowRefused(f"{self.address} refused {path}: {message}", code=code)

    def experiment(self, search: TrackedSearch) -> str:
        """The id of the search's experiment, which is made if it is not there."""
        name = f"{search.name} ({search.id})"
        found = self._experiment_named(name)
        if found is not None:
            return found
        told = {
            SEARCH_ID: search.id,
            "headstock.objective": f"{search.objective} ({search.direction})",
            "headstock.tuner": search.tuner,
            **{f"headstock.tag.{_name(key)}": value for key, value in search.tags.items()},
        }
        try:
            made = self.call("POST", "experiments/create", {"name": name, "tags": _pairs(told)})
        except MlflowRefused as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = self._experiment_named(name)
            if found is None:
                raise
            return found
        return str(made["experiment_id"])

    def _experiment_named(self, name: str) -> str | None:
        try:
            found = self.call("GET", "experiments/get-by-name", {"experiment_name": name})["experiment"]
        except MlflowRefused as error:
            if error.code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        if found.get("lifecycle_stage") == "deleted":
            raise MlflowRefused(f"the experiment {name!r} was deleted in MLflow: restore it there", code="DELETED")
        return str(found["experiment_id"])

    def runs(self, experiment_id: str, *, trial_id: str | None = None) -> Iterator[tuple[str, Run]]:
        """The experiment's runs with the ids of their trials, deleted ones included; or the one trial's run."""
        wanted = f"tags.`{TRIAL_ID}` = '{trial_id}'" if trial_id is not None else f"tags.`{TRIAL_ID}` != ''"
        question = {"experiment_ids": [experiment_id], "filter": wanted, "run_view_type": "ALL", "max_results": 1000}
        while True:
            page = self.call("POST", "runs/search", question)
            for each in page.get("runs", []):
                tags = _mapping(each.get("data", {}).get("tags", []))
                deleted = each["info"].get("lifecycle_stage") == "deleted"
                status = "DELETED" if deleted else str(each["info"]["status"])
                params = _mapping(each.get("data", {}).get("params", []))
                yield tags.get(TRIAL_ID, ""), Run(str(each["info"]["run_id"]), status, params, tags)
            if not page.get("next_page_token"):
                return
            question["page_token"] = page["next_page_token"]

    def create_run(self, experiment_id: str, *, name: str, started: datetime, tags: Mapping[str, str]) -> Run:
        content = {
            "experiment_id": experiment_id,
            "run_name": name,
            "start_time": _milliseconds(started),
            "tags": _pairs({"mlflow.runName": name, **tags}),
        }
        made = self.call("POST", "runs/create", content)["run"]
        return Run(str(made["info"]["run_id"]), str(made["info"]["status"]), {}, dict(tags))

    def log(
        self,
        run: Run,
        *,
        metrics: Sequence[Mapping[str, object]] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Add to a run, in one call; what is there already in the same words changes nothing."""
        content = {
            "run_id": run.id,
            "metrics": list(metrics),
            "params": _pairs(params or {}),
            "tags": _pairs(tags or {}),
        }
        self.call("POST", "runs/log-batch", content)
        run.params |= params or {}
        run.tags |= tags or {}

    def update(self, run: Run, *, status: str, ended: datetime | None) -> None:
        content: dict[str, object] = {"run_id": run.id, "status": status}
        if ended is not None:
            content["end_time"] = _milliseconds(ended)
        self.call("POST", "runs/update", content)
        run.status = status


class RunWriter:
    """Writes trials as runs. One thread at a time, and one writer a search, or a run may be made twice.

    It remembers the runs of trials that are under way; those that have ended are forgotten, and found again if need be.
    """

    def __init__(self, server: MlflowServer) -> None:
        self._server = server
        self._experiments: dict[str, str] = {}
        self._runs: dict[str, Run] = {}
        self._whole: set[str] = set()

    def load(self, search: TrackedSearch) -> None:
        """Ask for all runs of a search at once, instead of one by one: for who is about to write all its trials."""
        self._runs |= dict(self._server.runs(self._experiment(search)))
        self._whole.add(search.id)

    def write(self, search: TrackedSearch, trial: TrackedTrial, epochs: Iterable[TrackedEpoch]) -> bool:
        """Bring the trial's run up to date; False when it has none, because it has not begun.

        Args:
            epochs: All that are recorded now, by execution, then epoch.

        Raises:
            MlflowUnavailable: Do the same again later: nothing is lost, and nothing is written twice.
            MlflowRefused: The run, or the experiment, was deleted in MLflow, or what it holds contradicts the trial.
        """
        try:
            return self._write(search, trial, epochs)
        except MlflowError:
            # Whether the last call was carried out is not known: what is remembered may be wrong.
            self._runs.pop(trial.id, None)
            self._experiments.pop(search.id, None)
            self._whole.discard(search.id)
            raise

    def _write(self, search: TrackedSearch, trial: TrackedTrial, epochs: Iterable[TrackedEpoch]) -> bool:
        run = self._run(search, trial)
        if run is None:
            return False
        if run.status == "DELETED":
            raise MlflowRefused(f"the run of trial {trial.number} was deleted in MLflow", code="DELETED")
        missing = {name: value for name, value in _params(trial).items() if name not in run.params}
        for some in _portions(missing, _MOST_PARAMS):
            self._server.log(run, params=some)
        for metrics, tags in _batches(_unsent(epochs, run.tags.get(SENT)), executions=search.executions):
            self._server.log(run, metrics=metrics, tags=tags)
        status = _STATUSES.get(trial.state, "RUNNING")
        news = {name: value for name, value in _tags(trial).items() if run.tags.get(name) != value}
        # The state is told with them, in one call: where it is told, so are they.
        own = _own_metrics(search, trial) if STATE in news else []
        if news:
            self._server.log(run, metrics=own, tags=news)
        if status != run.status:
            self._server.update(run, status=status, ended=trial.ended_at if status in _ENDED else None)
        if status in _ENDED and search.id not in self._whole:
            self._runs.pop(trial.id, None)
        return True

    def _experiment(self, search: TrackedSearch) -> str:
        found = self._experiments.get(search.id)
        if found is None:
            found = self._experiments[search.id] = self._server.experiment(search)
        return found

    def _run(self, search: TrackedSearch, trial: TrackedTrial) -> Run | None:
        run = self._runs.get(trial.id)
        if run is not None:
            return run
        # Results of elsewhere may not say when a trial began.
        started = trial.started_at or (trial.ended_at if trial.score is not None else None)
        if started is None:
            return None
        experiment = self._experiment(search)
        if search.id not in self._whole:
            run = next((found for _, found in self._server.runs(experiment, trial_id=trial.id)), None)
        if run is None:
            tags = {
                TRIAL_ID: trial.id,
                SEARCH_ID: search.id,
                "headstock.trial_number": str(trial.number),
                "mlflow.source.name": "headstock",
                **({"headstock.parent_trial_id": trial.parent_trial_id} if trial.parent_trial_id else {}),
            }
            name = f"trial-{trial.number:04d}"
            run = self._server.create_run(experiment, name=name, started=started, tags=tags)
        self._runs[trial.id] = run
        return run


def send_search(search: Search, uri: str) -> int:
    """Write all trials of a search that have begun as MLflow runs; how many. It may be repeated, also while it runs.

    Args:
        uri: The tracking server's address.

    Raises:
        MlflowError: The server did not take them; what it has taken stays.
        HeadstockError: The search could not be read.
    """
    server = MlflowServer(uri)
    try:
        writer = RunWriter(server)
        about = _tracked_search(search)
        writer.load(about)
        count = 0
        for trial in search.trials():
            count += writer.write(about, _tracked_trial(trial.record), map(_tracked_epoch, trial.epochs()))
        return count
    finally:
        server.close()


def _tracked_search(search: Search) -> TrackedSearch:
    record = search.record
    return TrackedSearch(
        id=record.id,
        name=record.name,
        objective=record.objective.name,
        direction=record.objective.direction,
        tuner=record.tuner,
        executions=record.executions_per_trial,
        tags=record.tags,
    )


def _tracked_trial(record: Any) -> TrackedTrial:
    return TrackedTrial(
        id=record.id,
        number=record.number,
        state=str(record.state),
        values=record.hyperparameters,
        score=record.score,
        best_epoch=record.best_epoch,
        metrics=record.metrics,
        attempts=record.attempts,
        seconds=record.seconds or 0.0,
        parameters=record.parameters,
        device=record.device,
        parent_trial_id=record.parent_trial_id,
        failure_code=record.failure.code if record.failure else None,
        failure_message=record.failure.message if record.failure else None,
        started_at=record.started_at,
        ended_at=record.ended_at,
    )


def _tracked_epoch(record: Any) -> TrackedEpoch:
    return TrackedEpoch(
        execution=record.execution,
        fold=record.fold,
        epoch=record.epoch,
        metrics=record.metrics,
        recorded_at=record.recorded_at,
    )


def _unsent(epochs: Iterable[TrackedEpoch], sent: str | None) -> Iterator[TrackedEpoch]:
    """What was recorded after the last epoch that was sent: beyond its place, or, by a later attempt, at an earlier one
    anew (MLflow forgets nothing, so that it then has two values at a step)."""
    place = _sent_place(sent)
    for each in epochs:
        if place is None or (each.execution, each.epoch) > place[0] or each.recorded_at > place[1]:
            yield each


def _sent_place(sent: str | None) -> tuple[tuple[int, int], datetime] | None:
    try:
        execution, epoch, recorded_at = json.loads(sent or "null")
        return (int(execution), int(epoch)), datetime.fromisoformat(recorded_at)
    except (TypeError, ValueError):
        return None


def _batches(
    epochs: Iterable[TrackedEpoch], *, executions: int
) -> Iterator[tuple[list[dict[str, object]], dict[str, str]]]:
    """Metrics of whole epochs, as many as one call takes, and the tag that says how far they go."""
    metrics: list[dict[str, object]] = []
    last: TrackedEpoch | None = None
    latest: datetime | None = None
    for each in epochs:
        own = _metrics_of(each, executions=executions)
        if metrics and len(metrics) + len(own) > _MOST_METRICS and last is not None and latest is not None:
            yield metrics, _sent_tag(last, latest)
            metrics = []
        while len(own) > _MOST_METRICS:
            yield own[:_MOST_METRICS], {}
            own = own[_MOST_METRICS:]
        metrics += own
        last, latest = each, each.recorded_at if latest is None else max(latest, each.recorded_at)
    if last is not None and latest is not None:
        yield metrics, _sent_tag(last, latest)


def _sent_tag(last: TrackedEpoch, latest: datetime) -> dict[str, str]:
    return {SENT: json.dumps([last.execution, last.epoch, latest.astimezone(UTC).isoformat()])}


def _metrics_of(epoch: TrackedEpoch, *, executions: int) -> list[dict[str, object]]:
    prefix = "" if executions == 1 else f"execution-{epoch.execution}/"
    if executions != 1 and epoch.fold is not None:
        prefix = f"execution-{epoch.execution}-fold-{epoch.fold}/"
    return [
        _metric(prefix + _name(name), value, at=epoch.recorded_at, step=epoch.epoch)
        for name, value in epoch.metrics.items()
    ]


def _own_metrics(search: TrackedSearch, trial: TrackedTrial) -> list[dict[str, object]]:
    if trial.score is None or trial.ended_at is None or trial.best_epoch is None:
        return []
    own: dict[str, float | None] = {SCORE: trial.score, SECONDS: trial.seconds}
    if trial.parameters is not None:
        own[PARAMETERS] = trial.parameters
    if search.executions != 1:
        # The runs' table shows plain names: of several executions, what the trial is judged by.
        own |= {_name(name): value for name, value in trial.metrics.items() if value is not None}
    return [_metric(name, value, at=trial.ended_at, step=trial.best_epoch) for name, value in own.items()]


def _metric(name: str, value: float | None, *, at: datetime, step: int) -> dict[str, object]:
    shown: object = value
    if value is None or math.isnan(value):
        shown = "NaN"
    elif math.isinf(value):
        shown = "Infinity" if value > 0 else "-Infinity"
    return {"key": name, "value": shown, "timestamp": _milliseconds(at), "step": step}


def _params(trial: TrackedTrial) -> dict[str, str]:
    return {
        _name(name): (value if isinstance(value, str) else json.dumps(value))[:_MOST_CHARACTERS]
        for name, value in trial.values.items()
    }


def _tags(trial: TrackedTrial) -> dict[str, str]:
    told = {
        STATE: trial.state,
        "headstock.attempts": str(trial.attempts),
        "headstock.device": trial.device,
        "headstock.best_epoch": None if trial.best_epoch is None else str(trial.best_epoch),
        "headstock.failure_code": trial.failure_code,
        "headstock.failure_message": trial.failure_message,
    }
    return {name: value[:_MOST_CHARACTERS] for name, value in told.items() if value is not None}


def _name(name: str) -> str:
    """The name in letters that MLflow takes; slashes are ours."""
    return _NOT_IN_NAMES.sub("_", name)[:200] or "_"


def _portions(mapping: Mapping[str, str], most: int) -> Iterator[dict[str, str]]:
    items = list(mapping.items())
    for start in range(0, len(items), most):
        yield dict(items[start : start + most])


def _pairs(mapping: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in mapping.items()]


def _mapping(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair.get("value", "") for pair in pairs}


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _login(url: httpx.URL) -> httpx.BasicAuth | None:
    if url.username:
        return httpx.BasicAuth(url.username, url.password)
    name, password = (os.environ.get(f"MLFLOW_TRACKING_{each}") for each in ("USERNAME", "PASSWORD"))
    return httpx.BasicAuth(name, password) if name and password else None


def _document(answer: httpx.Response) -> dict[str, Any] | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
