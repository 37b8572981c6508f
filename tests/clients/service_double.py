"""A service of canned answers behind httpx's mock transport, and time that only moves when told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import headstock
import httpx

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
URL = "http://headstock.test"


@dataclass
class Script:
    """Answers requests of one method and path in turn; the last answer stays."""

    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def on(self, method: str, path: str, *answers: Answer) -> Script:
        self.answers[method, path] = list(answers)
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        queue = self.answers.get((request.method, request.url.path))
        assert queue, f"the test did not expect {request.method} {request.url}"
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)

    def to(self, method: str, path: str) -> list[httpx.Request]:
        """The requests that came for one place."""
        return [request for request in self.requests if (request.method, request.url.path) == (method, path)]


@dataclass
class Time:
    """A clock that sleeping moves; remembers each sleep."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    start: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def pass_by(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def waiting(self, *, draw: float = 1.0) -> headstock.Waiting:
        return headstock.Waiting(sleep=self.pass_by, monotonic=lambda: self.seconds, now=self.now, draw=lambda: draw)


def client_of(script: Script, *, time: Time | None = None, **options: Any) -> headstock.Client:
    return headstock.Client(
        URL,
        "hs_secret",
        transport=httpx.MockTransport(script),
        waiting=(time or Time()).waiting(draw=options.pop("draw", 1.0)),
        **options,
    )


def ok(document: object, *, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document)


def problem(status: int, code: str, *, retryable: bool = False, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    body = {"type": "about:blank", "title": "No", "status": status, "detail": "it is so", "code": code, "errors": []}
    return httpx.Response(
        status,
        headers={"content-type": "application/problem+json", **headers},
        content=json.dumps({**body, "retryable": retryable, **more}),
    )


def page(items: Iterable[object], next_page_token: str | None = None) -> httpx.Response:
    return ok({"items": list(items), "next_page_token": next_page_token})


def search(**changes: Any) -> dict[str, Any]:
    """A search as the service shows it."""
    return {
        "id": "s_1",
        "name": "digits-mlp",
        "state": "RUNNING",
        "state_reason": None,
        "objective": {"name": "val_accuracy", "direction": "max"},
        "tuner": "random",
        "limits": {"max_trials": 4, "max_seconds": None},
        "trials": {"queued": 1, "running": 1, "completed": 2, "stopped": 0, "failed": 0, "cancelled": 0},
        "best": {"trial_id": "t_1", "score": 0.975},
        "planned_trials": 4,
        "progress": 0.5,
        "elapsed_seconds": 61.0,
        "remaining_seconds": 59.0,
        "created_at": "2026-01-01T00:00:00Z",
        "started_at": "2026-01-01T00:00:01Z",
        "ended_at": None,
        "definition": {"fit": {"epochs": 10}},
        **changes,
    }


def trial(number: int, **changes: Any) -> dict[str, Any]:
    """A completed trial as the service shows it."""
    return {
        "id": f"t_{number}",
        "search_id": "s_1",
        "number": number,
        "state": "COMPLETED",
        "score": 0.9 + number / 100,
        "best_epoch": 2,
        "epochs": 3,
        "hyperparameters": {"units": 64, "learning_rate": 0.001},
        "metrics": {"val_accuracy": 0.9 + number / 100},
        "attempts": 1,
        "failure": None,
        "seconds": 1.5,
        "parameters": 1000,
        "device": "cpu",
        "parent_trial_id": None,
        "start_epoch": 0,
        "target_epochs": None,
        "started_at": "2026-01-01T00:00:01Z",
        "ended_at": "2026-01-01T00:00:03Z",
        **changes,
    }


def epoch(number: int, *, trial_id: str = "t_0", **metrics: float | None) -> dict[str, Any]:
    return {
        "trial_id": trial_id,
        "trial_number": int(trial_id.removeprefix("t_")),
        "execution": 0,
        "fold": None,
        "epoch": number,
        "metrics": metrics,
        "seconds": 0.25,
        "recorded_at": "2026-01-01T00:00:02Z",
    }
