"""Generated requests against the OpenAPI document: never a 5xx, always the promised shapes."""

from __future__ import annotations

import json
import os
from typing import Any

import jsonschema
import requests
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from starlette.testclient import TestClient

from storage.ids import SearchId
from tests.service.assembled import Service
from tests.service.problem_shape import assert_problem
from tests.service.scenes import start_trials

# These do not end; tests/service/test_streams.py has them.
ENDLESS = ("/v1/events", "/v1/searches/{search_id}/events")
# `make fuzz` sets it: many requests of each kind, others each time.
_EXAMPLES = os.environ.get("HEADSTOCK_FUZZ_EXAMPLES")
_BOUNDED = settings(
    max_examples=int(_EXAMPLES or 4),
    derandomize=_EXAMPLES is None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_generated_requests_are_answered_or_refused(service: Service, definition: dict[str, Any]) -> None:
    """A bounded run over all operations, with good and spoilt requests, on ids that exist and others: the same run each
    time, but in `make fuzz`. A refusal is a problem document; an answer fits its schema.
    """
    client = service.client(service.token())
    document = json.loads(client.get("/openapi.json").text)
    for path in ENDLESS:
        del document["paths"][path]
    # Hypothesis may hold on to it between examples: the app gets its own copy.
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document)))
    ids = _existing(service, client, definition)
    answered: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        named = {name: value for name, value in ids.items() if f"{{{name}}}" in operation.path}
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            for path_parameters in [named, None] if named else [None]:
                if mode is GenerationMode.NEGATIVE and not _can_be_spoilt(document, operation, path_parameters):
                    continue

                @_BOUNDED
                @given(case=operation.as_strategy(mode, path_parameters=path_parameters))
                def one(case: Case[Any]) -> None:
                    statuses = answered.setdefault(case.operation.label, set())
                    statuses.add(_send_and_check(case, client, document))

                one()
    documented = {
        f"{method} {route.path}"
        for route in service.app.routes
        if isinstance(route, APIRoute) and route.include_in_schema and route.path not in ENDLESS
        for method in route.methods or ()
    }
    assert set(answered) == documented
    # A run in which everything is refused, or nothing, would show little.
    everything = set().union(*answered.values())
    assert {200, 404, 422} <= everything


def _existing(service: Service, client: TestClient, definition: dict[str, Any]) -> dict[str, str]:
    search_id = client.post("/v1/searches", json=definition).json()["id"]
    (trial,) = start_trials(service.repository, SearchId(search_id), [{"units": 32, "learning_rate": 0.001}])
    dataset_id = client.get("/v1/datasets").json()["items"][0]["id"]
    return {"search_id": search_id, "trial_id": trial.id, "dataset_id": dataset_id}


def _can_be_spoilt(document: dict[str, Any], operation: Any, path_parameters: dict[str, str] | None) -> bool:
    described = document["paths"][operation.path][operation.method.lower()]
    places = [parameter for parameter in described.get("parameters", []) if parameter["in"] != "path"]
    return bool(places or "requestBody" in described or (path_parameters is None and "{" in operation.path))


def _send_and_check(case: Case[Any], client: TestClient, document: dict[str, Any]) -> int:
    arguments = case.as_transport_kwargs(base_url="http://127.0.0.1:8000")
    names = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
    prepared = requests.Request(**{name: arguments[name] for name in names if arguments.get(name)}).prepare()
    # What a case has is one of few kinds; requests' own types allow more.
    told: Any = prepared.headers.items()
    headers = {name: value for name, value in told if name.lower() != "authorization"}
    assert prepared.method is not None
    assert prepared.url is not None
    body: Any = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    answer = client.request(prepared.method, prepared.url, headers=headers, content=body)
    assert answer.status_code < 500, (prepared.method, prepared.url, body, answer.text)
    if answer.status_code >= 400:
        assert_problem(answer)
    elif answer.headers.get("content-type") == "application/json":
        described = document["paths"][case.operation.path][case.operation.method.lower()]
        schema = described["responses"][str(answer.status_code)]["content"]["application/json"].get("schema", {})
        rooted = {**schema, "components": document["components"]}
        faults = [error.message for error in jsonschema.Draft202012Validator(rooted).iter_errors(answer.json())]
        assert not faults, (case.operation.label, faults)
    return answer.status_code
