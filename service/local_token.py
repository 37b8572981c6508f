"""The token file of a local service: made once, readable by its owner only, known to the database."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from service.tokens import ALL_SCOPES, make_token, secret_digest, split_token
from storage.clock import Clock
from storage.records import Token
from storage.repository import TokenStore

OWNER = "local"


class UnsafeTokenFile(Exception):
    """The token file must not be used as it is; the message says what to do."""


def ensure_token(path: Path, *, tokens: TokenStore, clock: Clock) -> str:
    """The local token's text, from the file, or fresh and written to it with mode 0600.

    A file whose token the database does not know (a new database in an old folder) is made known again, so that clients
    that hold it go on working.

    Raises:
        UnsafeTokenFile: Others can read the file, or it holds no token.
    """
    try:
        # Opened once and judged by the open file: a name could be exchanged between two looks.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return _fresh(path, tokens=tokens, clock=clock)
    except OSError as error:
        raise UnsafeTokenFile(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnsafeTokenFile(f"{path} can be read by others; run `chmod 600 {path}`, or delete it for a new token")
        text = file.read(4096).strip()
    parts = split_token(text)
    if parts is None:
        raise UnsafeTokenFile(f"{path} holds no token; delete it, and a new one will be made")
    token_id, secret = parts
    stored = tokens.find_token(token_id)
    if stored is None:
        tokens.add_token(
            Token(
                id=token_id,
                owner=OWNER,
                name="local",
                scopes=ALL_SCOPES,
                secret_sha256=secret_digest(secret),
                created_at=clock.now(),
                expires_at=None,
                revoked_at=None,
            )
        )
    elif stored.revoked_at is not None:
        raise UnsafeTokenFile(f"the token in {path} has been revoked; delete the file, and a new one will be made")
    return text


def _fresh(path: Path, *, tokens: TokenStore, clock: Clock) -> str:
    token, text = make_token(owner=OWNER, name="local", scopes=ALL_SCOPES, now=clock.now())
    tokens.add_token(token)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return text
