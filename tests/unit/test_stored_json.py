"""What is stored as JSON text comes back as it was, and answers made from it are JSON that every reader takes."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.written import written
from storage.sql.types import decode_all, decode_json, encode_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_it_comes_back_as_it_was(value: object) -> None:
    text = encode_json(value)
    assert decode_json(text) == value
    assert decode_all([text, "1"]) == [value, 1]


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\x00"])
def test_text_that_is_no_utf_8_comes_back_too(text: str) -> None:
    assert decode_json(encode_json({"traceback": text})) == {"traceback": text}


@given(VALUES)
def test_answers_are_read_by_every_reader(value: object) -> None:
    assert json.loads(bytes(written(value).body)) == value


def test_numbers_that_are_not_finite_are_null() -> None:
    assert bytes(written({"a": [math.nan, math.inf, -math.inf, 1.0]}).body) == b'{"a":[null,null,null,1.0]}'
