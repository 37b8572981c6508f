"""Opaque page tokens: where the last page ended, signed, so that only tokens made here are taken back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, select

from storage.errors import InvalidPage, SchemaOutdated
from storage.records import Page
from storage.sql import tables
from storage.sql.database import Transaction

T = TypeVar("T")
Key = tuple[int | float | str | datetime, ...]
_SIGNATURE_BYTES = 12
_LONGEST = 2_000


def page_key(tx: Transaction) -> bytes:
    """The secret of this database that signs its tokens."""
    row = tx.first(select(tables.installation.c.page_key))
    if row is None:
        raise SchemaOutdated("the database was not set up by `headstock migrate`")
    return bytes.fromhex(row.page_key)


class Pager:
    """Tokens of one list: `scope` names the list with everything that selects its items, so that a token of one list
    is not taken for another."""

    def __init__(self, tx: Transaction, *scope: object) -> None:
        self._secret = page_key(tx)
        self._scope = json.dumps([str(part) for part in scope])

    def start(self, token: str | None) -> Key | None:
        """Where to go on: the key of the last item seen; None at the beginning.

        Raises:
            InvalidPage: The token was not made here, or for another list.
        """
        if token is None:
            return None
        try:
            if len(token) > _LONGEST:
                raise ValueError
            padded = token.encode("ascii") + b"=" * (-len(token) % 4)
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
            signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
            if not hmac.compare_digest(signature, self._sign(body)):
                raise ValueError
        except (ValueError, binascii.Error):
            raise InvalidPage("the page token is not one that this list has given out") from None
        return tuple(_from_json(part) for part in json.loads(body))

    def page(
        self, rows: Sequence[Row[Any]], *, limit: int, record: Callable[[Row[Any]], T], key: Callable[[Row[Any]], Key]
    ) -> Page[T]:
        """A page of at most `limit` records out of `rows`, of which one more than `limit` was asked for."""
        items = tuple(record(row) for row in rows[:limit])
        if len(rows) <= limit:
            return Page(items, None)
        body = json.dumps([_to_json(part) for part in key(rows[limit - 1])]).encode()
        return Page(items, base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("="))

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, self._scope.encode() + b"\n" + body, hashlib.sha256)[:_SIGNATURE_BYTES]


def _to_json(part: int | float | str | datetime) -> object:
    return {"t": part.isoformat()} if isinstance(part, datetime) else part


def _from_json(part: Any) -> int | float | str | datetime:
    if isinstance(part, dict):
        return datetime.fromisoformat(part["t"])
    found: int | float | str = part
    return found
