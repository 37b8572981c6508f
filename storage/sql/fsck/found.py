"""What a check of an invariant gives."""

from __future__ import annotations

from collections.abc import Iterable

Found = Iterable[tuple[str, str]]
"""Counterexamples: the id of what is wrong, and what is wrong with it."""
