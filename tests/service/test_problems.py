"""Errors: one table, one shape, one page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service import errors as edge
from service import json_body
from service.edge import Edge
from service.hosts import HostList
from service.limits import Limits
from service.measures import Measures
from service.problems import KINDS, install, problem_type, pydantic_faults
from storage import errors
from storage.errors import FieldFault, HeadstockError
from tests.service.assembled import Service
from tests.service.problem_shape import assert_problem

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"


def _family(kind: type[HeadstockError]) -> Iterator[type[HeadstockError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)


OURS = [kind for kind in _family(HeadstockError) if kind.__module__ in (errors.__name__, edge.__name__)]


def test_every_error_class_has_a_row() -> None:
    assert len(OURS) > 30
    assert set(OURS) == set(KINDS)


def test_codes_are_unique_words() -> None:
    codes = [kind.code for kind in OURS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_the_page_of_errors_lists_exactly_these() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \| (yes|no) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {code: (int(status), retryable == "yes") for code, status, retryable in rows}
    assert len(listed) == len(rows)
    assert listed == {kind.code: (KINDS[kind].status, kind.retryable) for kind in OURS}


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
def test_each_class_becomes_its_problem(kind: type[HeadstockError]) -> None:
    fault = FieldFault("/a/b", "out_of_range", "must be at least 1")
    error = kind("told to people", (fault,)) if issubclass(kind, errors.Invalid) else kind("told to people")
    answer = _raising(error).get("/")
    if KINDS[kind].status == 500:
        assert answer.status_code == 500
        assert "told to people" not in answer.text
        return
    problem = assert_problem(answer)
    assert problem.status == KINDS[kind].status
    assert (problem.code, problem.retryable, problem.type) == (kind.code, kind.retryable, problem_type(kind.code))
    assert [error.pointer for error in problem.errors] == (["/a/b"] if issubclass(kind, errors.Invalid) else [])


def test_an_unexpected_error_tells_nothing() -> None:
    answer = _raising(RuntimeError("SELECT secret FROM /home/ada")).get("/")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "internal"
    assert "secret" not in answer.text
    assert "/home" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


def test_at_most_fifty_faults_are_told() -> None:
    faults = tuple(FieldFault(f"/{number}", "missing", "is required") for number in range(80))
    error = edge.InvalidRequest("80 problems found", faults)
    assert len(_raising(error).get("/").json()["errors"]) == 50


def test_faults_of_the_framework_never_repeat_the_input() -> None:
    found = [
        {
            "type": "int_parsing",
            "loc": ("limits", "max~trials/x"),
            "msg": "Input should be an int",
            "input": "<secret>",
        },
        {"type": "greater_than_equal", "loc": ("a", 0), "msg": "m", "input": -5, "ctx": {"ge": 1}},
    ]
    first, second = pydantic_faults(found)
    assert first == FieldFault("/limits/max~0trials~1x", "invalid_type", "Input should be an int")
    assert second == FieldFault("/a/0", "out_of_range", "must be at least 1")


def test_one_refusal_names_every_wrong_place() -> None:
    raw = b'{"a": 1e999, "b": [9007199254740993, "\\u0001"], "c/d": {"~": "\\ud800"}}'
    with pytest.raises(edge.InvalidRequest) as caught:
        json_body.parse_object(raw, limits=Limits())
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [
        ("/a", "not_finite"),
        ("/b/0", "out_of_range"),
        ("/b/1", "control_character"),
        ("/c~1d/~0", "invalid_unicode"),
    ]


@pytest.mark.parametrize("raw", [b'{"a":"' + b'\\"' * 300_000, b'{"a":"' + b"\\" * 600_001, b'"' * 600_001])
def test_unfinished_strings_are_refused_in_linear_time(raw: bytes) -> None:
    import time

    begun = time.perf_counter()
    with pytest.raises(HeadstockError):
        json_body.parse_object(raw, limits=Limits())
    assert time.perf_counter() - begun < 2.0


def test_a_good_body_comes_through_unchanged() -> None:
    document = json_body.parse_object('{"ä": [1, 2.5, true, null, "☃"], "b": {}}'.encode(), limits=Limits())
    assert document == {"ä": [1, 2.5, True, None, "☃"], "b": {}}


def test_a_database_that_is_away_is_a_503(service: Service) -> None:
    service.repository.close()
    for path in service.settings.data_dir.parent.glob("*.db*"):
        path.unlink()
    answer = service.client().get("/readyz")
    assert answer.status_code == 503
    assert str(service.settings.data_dir) not in answer.text
    assert_problem(answer)


def _raising(error: Exception) -> TestClient:
    app = FastAPI(openapi_url=None)

    @app.get("/")
    def route() -> None:
        raise error

    install(app)
    app.add_middleware(Edge, hosts=HostList(()), limits=Limits(), measures=Measures())
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
