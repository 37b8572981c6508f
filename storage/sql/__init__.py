"""The repository on SQLite and PostgreSQL. Only `open_repository` is for other rooms."""

from storage.sql.repository import SqlRepository, open_repository

__all__ = ["SqlRepository", "open_repository"]
