"""The first look at a document from outside: is it JSON of a sane size, with numbers and text that all of us can store?

Runs without recursion and stops at the first bound it meets, so hostile documents cost no more than good ones.
"""

from __future__ import annotations

import math
import unicodedata

from tuners.definitions import bounds
from tuners.definitions.faults import Faults, child

CODE = "/model/code"
"""The one place in a definition where a text may be long and have lines."""


def scan(document: object, faults: Faults) -> None:
    """Adds a fault for everything that is not plain JSON within the bounds."""
    stack: list[tuple[object, str, int]] = [(document, "", 1)]
    nodes = 0
    while stack:
        value, pointer, depth = stack.pop()
        nodes += 1
        if nodes > bounds.MAX_NODES or (isinstance(value, list | dict) and len(value) > bounds.MAX_NODES):
            faults.add("", "too_many_nodes", f"a definition has at most {bounds.MAX_NODES} values")
            return
        if depth > bounds.MAX_DEPTH:
            faults.add("", "too_deep", f"a definition is at most {bounds.MAX_DEPTH} levels deep")
            return
        if isinstance(value, dict):
            for key in value:
                _check_key(key, pointer, faults)
            stack.extend((item, child(pointer, key), depth + 1) for key, item in value.items() if isinstance(key, str))
        elif isinstance(value, list):
            stack.extend((item, child(pointer, index), depth + 1) for index, item in enumerate(value))
        else:
            _check_scalar(value, pointer, faults)


def _check_key(key: object, pointer: str, faults: Faults) -> None:
    if not isinstance(key, str):
        faults.add(pointer, "invalid_type", "keys must be text")
    elif len(key) > bounds.MAX_KEY:
        faults.add(pointer, "unknown_field", f"a key is longer than {bounds.MAX_KEY} characters")
    else:
        _check_text(key, pointer, faults, what="a key")


def _check_scalar(value: object, pointer: str, faults: Faults) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > bounds.MAX_INTEGER:
            faults.add(pointer, "out_of_range", "integers must lie between -2^53 and 2^53")
    elif isinstance(value, float):
        if not math.isfinite(value):
            faults.add(pointer, "not_finite", "must be a finite number")
    elif isinstance(value, str):
        if pointer == CODE:
            # Its length in bytes is the model's business; lines and indentation belong into it.
            _check_text(value.replace("\n", "").replace("\t", "").replace("\r", ""), pointer, faults, what="the code")
        elif len(value) > bounds.MAX_TEXT:
            faults.add(pointer, "too_long", f"must have at most {bounds.MAX_TEXT} characters")
        else:
            _check_text(value, pointer, faults, what="the text")
    else:
        faults.add(pointer, "invalid_type", "must be JSON: an object, a list, text, a number, true, false or null")


def _check_text(text: str, pointer: str, faults: Faults, *, what: str) -> None:
    if text.isascii() and text.isprintable():
        return
    categories = {unicodedata.category(character) for character in text}
    if "Cs" in categories:
        faults.add(pointer, "invalid_unicode", f"{what} holds half of a surrogate pair")
    elif "Cc" in categories:
        faults.add(pointer, "control_character", f"{what} holds a control character")


def name_fault(name: str) -> str | None:
    """Why a text cannot be the name of something for people; None when it can."""
    if not 1 <= len(name) <= bounds.MAX_NAME:
        return f"must have 1 to {bounds.MAX_NAME} characters"
    if name.strip() != name:
        return "must not begin or end with a space"
    if unicodedata.normalize("NFC", name) != name:
        return "must be in Unicode's composed form (NFC)"
    # Formatting, private and unassigned characters make two names look alike, or one read backwards.
    if any(unicodedata.category(character) in ("Cf", "Co", "Cn", "Zl", "Zp", "Cc", "Cs") for character in name):
        return "must be made of visible characters"
    return None
