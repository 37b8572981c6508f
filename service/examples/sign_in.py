"""Signing in to the dashboard."""

from __future__ import annotations

LOGIN_CODE = {"path": "/login?code=Zk3...", "expires_at": "2026-03-01T12:10:00Z"}
