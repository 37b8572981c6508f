"""API tokens: only the sha256 of a secret is kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from storage.errors import NotFound
from storage.ids import TokenId
from storage.records import Token
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_token
from storage.sql.part import Part

_tokens = tables.tokens.c


class Tokens(Part):
    def add_token(self, token: Token) -> None:
        values: dict[str, Any] = {
            "id": token.id,
            "owner": token.owner,
            "name": token.name,
            "scopes": sorted(token.scopes),
            "secret_sha256": token.secret_sha256,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "revoked_at": token.revoked_at,
        }
        # A repeat finds its token there: ids are never given out twice.
        self._database.write(lambda tx: tx.execute(tx.dialect.insert_new(tables.tokens).values(values)).close())

    def find_token(self, token_id: TokenId) -> Token | None:
        def work(tx: Transaction) -> Token | None:
            row = tx.first(select(tables.tokens).where(_tokens.id == token_id))
            return to_token(row) if row is not None else None

        return self._database.read(work)

    def revoke_token(self, token_id: TokenId) -> None:
        def work(tx: Transaction) -> None:
            row = tx.lock(select(_tokens.revoked_at).where(_tokens.id == token_id), tables.tokens)
            if row is None:
                raise NotFound(f"there is no token {token_id}")
            if row.revoked_at is None:
                tx.change(update(tables.tokens).where(_tokens.id == token_id).values(revoked_at=tx.now()))

        self._database.write(work)
