"""The calls of MLflow's REST API that are needed, and what they raise."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from headstock.connection import is_loopback
from headstock.errors import HeadstockError

TIMEOUT_S = 20.0
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

    def experiment(self, name: str, *, tags: Mapping[str, str]) -> str:
        """The id of the experiment of that name, which is made, with these tags, if it is not there."""
        found = self._experiment_named(name)
        if found is not None:
            return found
        try:
            made = self.call("POST", "experiments/create", {"name": name, "tags": _pairs(tags)})
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

    def runs(self, experiment_id: str, *, tag: str, value: str | None = None) -> Iterator[tuple[str, Run]]:
        """The tag's value and the run, of each in the experiment that has the tag (or this value), deleted ones too."""
        wanted = f"tags.`{tag}` = '{value}'" if value is not None else f"tags.`{tag}` != ''"
        question = {"experiment_ids": [experiment_id], "filter": wanted, "run_view_type": "ALL", "max_results": 1000}
        while True:
            page = self.call("POST", "runs/search", question)
            for each in page.get("runs", []):
                tags = _mapping(each.get("data", {}).get("tags", []))
                deleted = each["info"].get("lifecycle_stage") == "deleted"
                status = "DELETED" if deleted else str(each["info"]["status"])
                params = _mapping(each.get("data", {}).get("params", []))
                yield tags.get(tag, ""), Run(str(each["info"]["run_id"]), status, params, tags)
            if not page.get("next_page_token"):
                return
            question["page_token"] = page["next_page_token"]

    def create_run(self, experiment_id: str, *, name: str, started: datetime, tags: Mapping[str, str]) -> Run:
        content = {
            "experiment_id": experiment_id,
            "run_name": name,
            "start_time": milliseconds(started),
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
            content["end_time"] = milliseconds(ended)
        self.call("POST", "runs/update", content)
        run.status = status


def _pairs(mapping: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in mapping.items()]


def _mapping(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["key"]: pair.get("value", "") for pair in pairs}


def milliseconds(time: datetime) -> int:
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
