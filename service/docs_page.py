"""`/openapi.json`, and `/docs` as plain HTML made here: no script, nothing from other hosts."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute

from service.dependencies import authenticate, read_scope, strict_query

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2rem; text-transform: capitalize; }
details { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .4rem; margin: .4rem 0;
padding: .4rem .8rem; } summary { cursor: pointer; } code, pre { font-family: ui-monospace, monospace; font-size: .9em;
} pre { overflow-x: auto; padding: .6rem; background: color-mix(in srgb, currentColor 7%, transparent); border-radius:
.3rem; } .method { display: inline-block; min-width: 4.5rem; font-weight: 700; } td { padding: .1rem .8rem .1rem 0;
vertical-align: top; }
"""


def docs_routes(app: FastAPI, *, open_to_all: bool) -> list[BaseRoute]:
    """The routes of the document, its page and the page's style sheet."""

    def document() -> Response:
        return Response(_json(app.openapi()), media_type="application/json")

    def page() -> HTMLResponse:
        return HTMLResponse(render(app.openapi()))

    def style() -> Response:
        return Response(_STYLE, media_type="text/css")

    guards = [] if open_to_all else [Depends(authenticate), Depends(read_scope)]
    made = {"/openapi.json": document, "/docs": page, "/docs/style.css": style}
    return [
        APIRoute(
            path,
            endpoint,
            methods=["GET"],
            include_in_schema=False,
            dependencies=[*guards, Depends(strict_query)],
            response_model=None,
        )
        for path, endpoint in made.items()
    ]


def render(document: dict[str, Any]) -> str:
    """The document as one HTML page; all of its text is escaped."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            groups.setdefault(tag, []).append(_operation(method, path, operation))
    sections = "\n".join(f"<h2>{escape(tag)}</h2>\n{''.join(items)}" for tag, items in groups.items())
    info = document["info"]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(info["title"])} API</title><link rel="icon" href="/icon.svg" type="image/svg+xml">'
        '<link rel="stylesheet" href="/docs/style.css"></head>\n<body>'
        f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1>"
        f"<p>{_prose(info['description'])}</p>"
        '<p>For tools: <a href="/openapi.json">openapi.json</a>. Back to the <a href="/">dashboard</a>.</p>\n'
        f"{sections}\n</body></html>\n"
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}</td>"
        f"<td>{_prose(parameter.get('description', ''))}</td></tr>"
        for parameter in operation.get("parameters", [])
    )
    parameters = f"<table>{rows}</table>" if rows else ""
    body = ""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        body += f"<p>Body, <code>{escape(media_type)}</code>:</p><pre>{_example(content)}</pre>"
    responses = ""
    for status, response in operation["responses"].items():
        responses += f"<p><code>{escape(status)}</code> {escape(response.get('description', ''))}</p>"
        if status.startswith(("2", "3")):
            for content in response.get("content", {}).values():
                responses += f"<pre>{_example(content)}</pre>"
    return (
        f'<details><summary><span class="method">{escape(method.upper())}</span> <code>{escape(path)}</code> '
        f"{escape(operation.get('summary', ''))}</summary><p>{_prose(operation.get('description', ''))}</p>"
        f"{parameters}{body}{responses}</details>\n"
    )


def _prose(text: str) -> str:
    """The text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _example(content: dict[str, Any]) -> str:
    example = content.get("example", "")
    return escape(example if isinstance(example, str) else _json(example, indent=2))


def _json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
