"""What headers of a request say about compression and about what its sender has already."""

from __future__ import annotations

import pytest

from service.kept_bytes import accepts_gzip, is_current


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("deflate, *;q=0.1", True),
        ("", False), ("identity", False), ("gzip;q=0", False), ("gzip;q=0, *", False), ("gzip;q=high", False),
    ],
)  # fmt: skip
def test_accepted_encodings(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize(
    ("header", "current"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("", False)],
)
def test_named_tags(header: str, current: bool) -> None:
    assert is_current(header, '"a"') is current
