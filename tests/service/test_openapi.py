"""The OpenAPI document: complete, with examples that are true to their own schemas."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from service import examples
from service.problems import KINDS
from tests.service.assembled import Service
from tuners.definitions import parse_definition

Document = dict[str, Any]


@pytest.fixture
def document(service: Service) -> Document:
    found: Document = json.loads(service.client(service.token()).get("/openapi.json").text)
    return found


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def test_every_route_of_the_api_is_described(service: Service, document: Document) -> None:
    app: FastAPI = service.app
    docs = {"/openapi.json", "/docs", "/docs/style.css"}
    routes = {
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute) and route.path not in docs
        for method in route.methods or ()
    }
    assert {name for name, _ in _operations(document)} == routes


def test_every_operation_says_what_it_does(document: Document) -> None:
    for name, operation in _operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"], name
        for parameter in operation.get("parameters", []):
            described = parameter.get("description") or parameter["name"] in (
                "limit", "page_token", "search_id", "trial_id", "dataset_id", "weights_id", "name", "count", "table",
                "format",
            )  # fmt: skip
            assert described, (name, parameter["name"])


def test_every_success_has_an_example_that_its_schema_allows(document: Document) -> None:
    checked = 0
    for name, operation in _operations(document):
        successes = {code: answer for code, answer in operation["responses"].items() if code[0] in "23"}
        assert successes, name
        for code, answer in successes.items():
            if code in ("204", "303"):
                continue
            for media_type, content in answer["content"].items():
                assert "example" in content, (name, media_type)
                _validate(content["example"], content.get("schema", {}), document, name)
                checked += 1
    assert checked > 30


def test_every_body_has_an_example_that_its_schema_allows(document: Document) -> None:
    bodies = {name: operation["requestBody"] for name, operation in _operations(document) if "requestBody" in operation}
    assert set(bodies) == {
        "POST /v1/searches",
        "POST /v1/searches/plan",
        "POST /v1/searches/import",
        "PATCH /v1/searches/{search_id}",
        "POST /v1/searches/{search_id}/finalize",
        "POST /v1/lr-range-tests",
        "POST /v1/datasets",
        "POST /v1/weights",
    }
    for body in bodies.values():
        for content in body["content"].values():
            _validate(content["example"], content["schema"], document)


def test_the_example_definition_is_accepted() -> None:
    assert parse_definition(copy.deepcopy(examples.DEFINITION)).name == "digits-mlp"


def test_every_operation_declares_its_problems(document: Document) -> None:
    known = {str(kind.status) for kind in KINDS.values()}
    for name, operation in _operations(document):
        problems = {code: answer for code, answer in operation["responses"].items() if code[0] in "45"}
        assert {"400", "421", "422"} <= set(problems), name
        assert set(problems) <= known, name
        for answer in problems.values():
            (content,) = answer["content"].values()
            assert set(answer["content"]) == {"application/problem+json"}, name
            _validate(content["example"], content["schema"], document)
        if operation.get("security"):
            assert {"401", "403", "429", "503"} <= set(problems), name


def test_only_the_public_operations_need_no_token(document: Document) -> None:
    free = {name for name, operation in _operations(document) if not operation.get("security")}
    assert free == {"GET /healthz", "GET /readyz", "GET /login"}


def test_the_document_names_no_other_schemas_than_it_has(document: Document) -> None:
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in document["components"]["schemas"], reference


def _validate(example: Any, schema: Document, document: Document, name: str = "") -> None:
    rooted = {**schema, "components": document["components"]}
    faults = [error.message for error in jsonschema.Draft202012Validator(rooted).iter_errors(example)]
    assert not faults, (name, faults)
