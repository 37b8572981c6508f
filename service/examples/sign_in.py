"""Signing in to the dashboard."""

from __future__ import annotations

from typing import Any

LOGIN_CODE: dict[str, Any] = {"path": "/login?code=Zk3...", "expires_at": "2026-03-01T12:10:00Z"}
