"""A page per group of operations, in Markdown, from the OpenAPI document."""

from __future__ import annotations

import json
import re
from typing import Any

Document = dict[str, Any]


def rest_pages(document: Document) -> dict[str, str]:
    """Markdown by group (the operations' first tag), in the order of the document."""
    groups: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            groups.setdefault(tag, []).append(_operation(document, method.upper(), path, operation))
    return {tag: f"# {tag.capitalize()}\n\n" + "\n".join(parts) for tag, parts in groups.items()}


def _operation(document: Document, method: str, path: str, operation: Document) -> str:
    parts = [
        f"## {operation['summary']}\n",
        f'<p class="operation"><strong>{method}</strong> <code>{path}</code></p>\n',
        operation.get("description", "").strip() + "\n",
    ]
    parameters = operation.get("parameters", [])
    if parameters:
        parts.append("| parameter | in | type | |\n|---|---|---|---|")
        parts += [
            f"| `{each['name']}`{' *' if each.get('required') else ''} | {each['in']} "
            f"| {_type(each.get('schema', {}))} | {_told(each)} |"
            for each in parameters
        ]
        parts.append("")
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"Body: `{kind}`, {_type(content.get('schema', {}))}\n")
        parts += _fields(document, content.get("schema", {}))
        parts += _example(content, "An example")
    refusals = []
    for status, response in operation.get("responses", {}).items():
        content = response.get("content", {})
        if not status.startswith("2"):
            refusals.append(f"- **{status}**: {_cell(response.get('description', ''))}")
            continue
        parts.append(f"Answer **{status}**: {response.get('description', '')}\n")
        for shape in content.values():
            parts += _fields(document, shape.get("schema", {}))
            parts += _example(shape, "An answer")
    if refusals:
        parts += ["Refusals:\n", *refusals, ""]
    return "\n".join(parts)


def _fields(document: Document, schema: Document) -> list[str]:
    """A table of an object's fields; of a page's items, theirs."""
    found = _resolved(document, schema)
    items = found.get("properties", {}).get("items", {}).get("items")
    if items is not None and "next_page_token" in found["properties"]:
        return ["A page: `items`, each with the fields below, and `next_page_token`.\n", *_fields(document, items)]
    rows = [
        f"| `{name}` | {_type(field)} | {_cell(field.get('description', ''))} |"
        for name, field in found.get("properties", {}).items()
    ]
    return ["| field | type | |\n|---|---|---|", *rows, ""] if rows else []


def _resolved(document: Document, schema: Document) -> Document:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    resolved: Document = document["components"]["schemas"][reference.rpartition("/")[2]]
    return resolved


def _type(schema: Document) -> str:
    """A schema in a few words; unions are joined by "or"."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " or ".join(dict.fromkeys(_type(each) for each in schema[union]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("type", "any"))


def _example(content: Document, title: str) -> list[str]:
    if "example" not in content:
        return []
    shown = content["example"]
    text = shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False)
    lines = "\n".join(f"    {line}" for line in text.splitlines())
    return [f'??? example "{title}"\n\n    ```json\n{lines}\n    ```\n']


def _told(parameter: Document) -> str:
    return _cell(parameter.get("description") or parameter.get("schema", {}).get("description", ""))


def _cell(text: str) -> str:
    """Text inside a table: one line, no bars."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").strip()
