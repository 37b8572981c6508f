"""Collects what is wrong with a document: where, which code, and what would be right. Values are never repeated."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from storage.errors import FieldFault, InvalidDefinition
from tuners.definitions import bounds


def child(pointer: str, key: str | int) -> str:
    """The pointer (RFC 6901) of a member or item. A key too long to be one of ours is left out."""
    if isinstance(key, int):
        return f"{pointer}/{key}"
    if len(key) > bounds.MAX_KEY:
        return pointer
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` when a known word is close; empty otherwise."""
    if len(word) > bounds.MAX_KEY:
        return ""
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(name.casefold(), name)
    close = difflib.get_close_matches(word.casefold(), list(names), n=1, cutoff=0.6)
    if not close:
        # `min` for `min_value`, `activations` for `activation`: a shared beginning is a good hint too.
        close = [name for name in names if len(word) > 2 and name.startswith(word.casefold())][:1]
    return f" (did you mean `{names[close[0]]}`?)" if close else ""


def listed(names: Iterable[str], *, limit: int = 12) -> str:
    """The names in words: ``a``, ``b`` and 3 more."""
    known = [f"`{name}`" for name in names]
    if len(known) > limit:
        return ", ".join(known[:limit]) + f" and {len(known) - limit} more"
    return ", ".join(known)


class Faults:
    """At most fifty faults, each place and code once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], FieldFault] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, pointer: str, code: str, detail: str) -> None:
        if len(self._found) < bounds.MAX_FAULTS:
            self._found.setdefault((pointer, code), FieldFault(pointer, code, detail))

    def at_or_below(self, pointer: str) -> bool:
        """Whether something is already known to be wrong there."""
        return any(place == pointer or place.startswith(f"{pointer}/") for place, _ in self._found)

    def raise_if_any(self) -> None:
        """Raises InvalidDefinition with all faults, in order of discovery; nothing when there are none."""
        if not self._found:
            return
        count = len(self._found)
        many = f"{count} problems" if count > 1 else "1 problem"
        raise InvalidDefinition(f"the definition has {many}", tuple(self._found.values()))
