"""The OpenAPI document: what the framework derives, plus the bodies that the guarded reader reads, plus the token."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from service.schemas.base import Problem
from service.schemas.jobs import FinalRequest, RangeTestRequest
from service.schemas.searches import SearchPatch
from tuners.definitions import Definition

_DESCRIPTION = """Keras Tuner as a service: post a search space and a model, let workers train the trials, read what is
best and what the trend is.

Every request needs `Authorization: Bearer hs_...`. Refusals are problem details (RFC 9457) with a stable `code`. Times
are RFC 3339 in UTC, durations are `_seconds`. Lists take `limit` and `page_token`. Fields may be added to answers;
clients
ignore those they do not know."""


def install(app: FastAPI) -> None:
    """Make `app.openapi()` give our document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="Headstock",
        version=service_version(),
        summary="Keras Tuner as a service.",
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, added = models_json_schema(
        [
            (Problem, "serialization"),
            (SearchPatch, "validation"),
            (Definition, "validation"),
            (FinalRequest, "validation"),
            (RangeTestRequest, "validation"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas.update(added["$defs"])
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    document["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token, `hs_<id>_<secret>`."}
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if "401" in operation["responses"] and path != "/login":
                operation["security"] = [{"token": []}]
    _restore_examples(document, app)
    return document


def _restore_examples(document: dict[str, Any], app: FastAPI) -> None:
    """Put the examples back as they were written: the framework drops every null in them."""
    for route in app.routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            for code, answer in route.responses.items():
                for media_type, content in answer.get("content", {}).items():
                    operation["responses"][str(code)]["content"][media_type]["example"] = content["example"]
            body = (route.openapi_extra or {}).get("requestBody", {})
            for media_type, content in body.get("content", {}).items():
                operation["requestBody"]["content"][media_type]["example"] = content["example"]


def service_version() -> str:
    """The installed release's version."""
    try:
        return version("headstock-server")
    except PackageNotFoundError:
        return "0"
