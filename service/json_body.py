"""Client JSON, read under guard: whatever bytes arrive, the answer is a document or a stated refusal.

The parser alone would turn many inputs into a 500 or into silent damage: NaN and 1e999 cannot be written back as JSON,
deep nesting ends in RecursionError, of duplicate keys the last would win, a lone surrogate cannot be encoded, and NUL
and integers beyond 64 bits break databases. No fault ever repeats the offending value.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from service.errors import DuplicateKey, InvalidEncoding, InvalidRequest, MalformedJson, TooDeep
from service.limits import Limits
from storage.errors import FieldFault

MAX_FAULTS = 50
# One pass over strings and structure; an unterminated string is consumed whole, which keeps the scan linear.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINES = str.maketrans("", "", "\n\r\t")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

CODE = "/model/code"
"""Where a body may hold a long text with lines: the Python source of a definition."""


class _NotFinite:
    """Stands for a number too large for a double until its place in the document is known."""


class _TooManyDigits:
    """Stands for an integer too long to convert until its place in the document is known."""


_NOT_FINITE = _NotFinite()
_TOO_MANY_DIGITS = _TooManyDigits()


def parse_object(raw: bytes, *, limits: Limits) -> dict[str, object]:
    """The JSON object in `raw`.

    Raises:
        InvalidEncoding: Not UTF-8, or begun by a byte order mark.
        TooDeep: Nested more deeply than `limits.depth`.
        MalformedJson: Not one JSON value (NaN and Infinity are not JSON).
        DuplicateKey: An object names a key twice.
        InvalidRequest: Not an object, or with values no part of the service could keep; with the places.
    """
    try:
        text = raw.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidEncoding("the body is not valid UTF-8") from error
    if text.startswith("\ufeff"):
        raise InvalidEncoding("the body must not begin with a byte order mark")
    _check_structure(raw, limits=limits)
    try:
        document = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_integer,
            object_pairs_hook=_unique_pairs,
        )
    except json.JSONDecodeError as error:
        # The decoder's message quotes no input; its position helps people find the place.
        raise MalformedJson(f"not valid JSON at line {error.lineno}, column {error.colno}") from error
    faults: list[FieldFault] = []
    _collect_faults(document, "", faults, limits=limits)
    if not isinstance(document, dict):
        faults.insert(0, FieldFault("", "invalid_type", "the body must be a JSON object"))
    if faults:
        raise InvalidRequest(_count(faults), tuple(faults))
    return dict(document)


def _check_structure(raw: bytes, *, limits: Limits) -> None:
    depth = 0
    nodes = 1
    for match in _TOKEN.finditer(raw):
        token = raw[match.start()]
        if token in b"[{":
            depth += 1
            nodes += 1
            if depth > limits.depth:
                raise TooDeep(f"objects and arrays may nest {limits.depth} deep")
        elif token in b"]}":
            depth -= 1
        elif token == 0x2C:
            nodes += 1
        if nodes > limits.nodes:
            fault = FieldFault("", "too_many_nodes", f"a body may hold {limits.nodes} values")
            raise InvalidRequest("the body holds too many values", (fault,))


def _refuse_constant(_name: str) -> NoReturn:
    raise MalformedJson("NaN and Infinity are not JSON; leave the field out or use a number")


def _finite(text: str) -> float | _NotFinite:
    value = float(text)
    return _NOT_FINITE if value in (float("inf"), float("-inf")) else value


def _integer(text: str) -> int | _TooManyDigits:
    # Python refuses to convert beyond 4,300 digits, and the conversion is quadratic below that.
    return _TOO_MANY_DIGITS if len(text) > 20 else int(text)


def _unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise DuplicateKey("an object names the same key twice")
    return mapping


def _collect_faults(value: object, pointer: str, faults: list[FieldFault], *, limits: Limits) -> None:
    if len(faults) >= MAX_FAULTS:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            fault = _text_fault(key, pointer, limits=limits)
            if fault:
                faults.append(fault)
            else:
                _collect_faults(item, f"{pointer}/{escape_pointer(key)}", faults, limits=limits)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _collect_faults(item, f"{pointer}/{index}", faults, limits=limits)
    elif isinstance(value, str):
        fault = _code_fault(value, limits=limits) if pointer == CODE else _text_fault(value, pointer, limits=limits)
        if fault:
            faults.append(fault)
    elif isinstance(value, _NotFinite):
        faults.append(FieldFault(pointer, "not_finite", "must be a number a double can hold"))
    elif isinstance(value, _TooManyDigits) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) > limits.integer_bound
    ):
        faults.append(FieldFault(pointer, "out_of_range", "must lie between -2^53 and 2^53"))


def _code_fault(code: str, *, limits: Limits) -> FieldFault | None:
    if len(code) > limits.code_characters:
        return FieldFault(CODE, "too_long", f"code may have {limits.code_characters} characters")
    return _character_fault(code.translate(_LINES), CODE)


def _text_fault(text: str, pointer: str, *, limits: Limits) -> FieldFault | None:
    if len(text) > limits.text_characters:
        return FieldFault(pointer, "too_long", f"texts may have {limits.text_characters} characters")
    return _character_fault(text, pointer)


def _character_fault(text: str, pointer: str) -> FieldFault | None:
    if _CONTROL.search(text):
        return FieldFault(pointer, "control_character", "texts must not hold control characters")
    if _SURROGATE.search(text):
        return FieldFault(pointer, "invalid_unicode", "texts must not hold unpaired surrogates")
    return None


def escape_pointer(key: str) -> str:
    """`key` as one token of a JSON pointer (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def _count(faults: list[FieldFault]) -> str:
    return "1 problem found" if len(faults) == 1 else f"{len(faults)} problems found"
