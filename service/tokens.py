"""API tokens: `hs_<id>_<secret>`, of which the database keeps only the sha256 of the secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.ids import TokenId, new_token_id
from storage.records import Scope, Token
from storage.repository import TokenStore

ALL_SCOPES: frozenset[Scope] = frozenset({"read", "submit", "admin"})
_FORM = re.compile(r"hs_(k_[0-9a-f]{32})_([0-9a-f]{64})")
# Compared with when the id is unknown, so that both kinds of failure take the same time.
_NOBODY = hashlib.sha256(b"nobody").hexdigest()
_GRANTS: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "submit": frozenset({"read", "submit"}),
    "admin": ALL_SCOPES,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: everything a route may see or change is this owner's."""

    owner: str
    token_id: TokenId
    scopes: frozenset[Scope]
    by_cookie: bool = False

    def may(self, scope: Scope) -> bool:
        return any(scope in _GRANTS[held] for held in self.scopes)


def secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def split_token(text: str) -> tuple[TokenId, str] | None:
    """The id and the secret in a token's text; None when it has not the form of one."""
    match = _FORM.fullmatch(text)
    return (TokenId(match[1]), match[2]) if match else None


def make_token(
    *, owner: str, name: str, scopes: frozenset[Scope], now: datetime, lasts_s: float | None = None
) -> tuple[Token, str]:
    """A fresh token's record and its text, which is told once and kept nowhere."""
    secret = secrets.token_hex(32)
    token = Token(
        id=new_token_id(),
        owner=owner,
        name=name,
        scopes=scopes,
        secret_sha256=secret_digest(secret),
        created_at=now,
        expires_at=None if lasts_s is None else now + timedelta(seconds=lasts_s),
        revoked_at=None,
    )
    return token, f"hs_{token.id}_{secret}"


def identify(text: str, *, tokens: TokenStore, now: datetime) -> Caller | None:
    """The caller a token's text stands for; None when it is unknown, wrong, expired or revoked.

    An unknown id costs the same comparison as a wrong secret, so that time tells nothing about which ids exist.
    """
    parts = split_token(text)
    stored = tokens.find_token(parts[0]) if parts else None
    given = secret_digest(parts[1] if parts else "")
    right = hmac.compare_digest(given, stored.secret_sha256 if stored else _NOBODY)
    if stored is None or not right or stored.revoked_at is not None:
        return None
    if stored.expires_at is not None and stored.expires_at <= now:
        return None
    return Caller(owner=stored.owner, token_id=stored.id, scopes=stored.scopes)
