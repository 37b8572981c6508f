"""Catalogue files as text: one line for each argument, so that a library's changes show as short differences."""

from __future__ import annotations

import json
import re
from typing import Any

_HELP_LENGTH = 160
_HELP_SHORTEST = 24


def render_entry(name: str, entry: dict[str, Any]) -> str:
    """One class with its arguments, two levels deep."""
    arguments = entry["arguments"]
    head = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in entry.items() if key != "arguments")
    if not arguments:
        return f'  {json.dumps(name)}: {{{head}, "arguments": {{}}}}'
    body = "\n".join(joined([f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in arguments.items()]))
    return f'  {json.dumps(name)}: {{{head}, "arguments": {{\n{body}\n  }}}}'


def joined(items: list[str]) -> list[str]:
    """The items with commas between them, as JSON wants it."""
    return [item + ("," if number < len(items) - 1 else "") for number, item in enumerate(items)]


def first_sentence(text: str) -> str:
    """The first sentence that says something ("Integer." does not), without markup, cut at a word when long."""
    paragraph = " ".join(text.strip().split("\n\n")[0].split()).replace("`", "")
    sentences = re.split(r"(?<=\.)\s+(?=[A-Z])", paragraph)
    sentence = sentences[0]
    if len(sentence) < _HELP_SHORTEST and len(sentences) > 1:
        sentence = f"{sentence} {sentences[1]}"
    if len(sentence) <= _HELP_LENGTH:
        return sentence
    return sentence[:_HELP_LENGTH].rsplit(" ", 1)[0] + " ..."
