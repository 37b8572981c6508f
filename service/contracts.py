"""What routes declare beside their code: example answers and the problems they may give."""

from __future__ import annotations

from typing import Any

from service import errors as edge
from service.problems import KINDS, MEDIA_TYPE, problem_type
from storage import errors

# Every route under /v1 can give these.
_ALWAYS: tuple[type[errors.HeadstockError], ...] = (
    edge.TokenInUrl,
    edge.Unauthenticated,
    edge.InsufficientScope,
    edge.MisdirectedRequest,
    edge.InvalidRequest,
    edge.TooManyRequests,
    errors.StorageUnavailable,
)
_PUBLIC: tuple[type[errors.HeadstockError], ...] = (edge.TokenInUrl, edge.MisdirectedRequest, edge.InvalidRequest)
WITH_BODY: tuple[type[errors.HeadstockError], ...] = (
    edge.MalformedJson,
    edge.InvalidEncoding,
    edge.DuplicateKey,
    edge.TooDeep,
    edge.BodyTooLarge,
    edge.RequestTimeout,
    edge.UnsupportedMediaType,
    edge.UnsupportedEncoding,
)


def answers(
    status: int,
    example: object | None,
    *problems: type[errors.HeadstockError],
    description: str,
    media_type: str = "application/json",
    public: bool = False,
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its success with an example, and its problems by status."""
    success: dict[str, Any] = {"description": description}
    if example is not None:
        success["content"] = {media_type: {"example": example}}
        if media_type != "application/json":
            success["content"][media_type]["schema"] = {"type": "string"}
    by_status: dict[int, list[type[errors.HeadstockError]]] = {}
    for problem in (*(_PUBLIC if public else _ALWAYS), *problems):
        group = by_status.setdefault(KINDS[problem].status, [])
        if problem not in group:
            group.append(problem)
    return {status: success, **{code: _problem_answer(code, group) for code, group in sorted(by_status.items())}}


def _problem_answer(status: int, group: list[type[errors.HeadstockError]]) -> dict[str, Any]:
    codes = ", ".join(f"`{problem.code}`" for problem in group)
    first = group[0]
    return {
        "description": f"{KINDS[first].title}. Codes: {codes}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                    "type": problem_type(first.code),
                    "title": KINDS[first].title,
                    "status": status,
                    "detail": "what was wrong, in a sentence",
                    "instance": "/requests/r_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a",
                    "request_id": "r_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a",
                    "code": first.code,
                    "retryable": first.retryable,
                    "errors": _example_faults(first),
                },
            }
        },
    }


def _example_faults(problem: type[errors.HeadstockError]) -> list[dict[str, str]]:
    if not issubclass(problem, errors.Invalid):
        return []
    return [{"pointer": "/limits/max_trials", "code": "out_of_range", "detail": "must be at least 1"}]


def json_body(schema: str, example: object) -> dict[str, Any]:
    """`openapi_extra` of a route whose body is read by the guarded reader instead of the framework."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
