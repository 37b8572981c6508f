"""What every refusal must look like."""

from __future__ import annotations

import json

from httpx2 import Response

from service.schemas.base import Problem


def assert_problem(answer: Response) -> Problem:
    """The answer's problem document, with everything promised of one checked."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = Problem.model_validate_json(answer.content)
    assert problem.status == answer.status_code < 500 or answer.status_code == 503
    assert problem.request_id == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(problem.errors) <= 50
    assert "<script" not in answer.text
    assert "Traceback" not in answer.text
    if problem.status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if problem.status in (429, 503):
        assert int(answer.headers["retry-after"]) > 0
    assert json.loads(answer.text)["type"].startswith("/problems/")
    return problem
