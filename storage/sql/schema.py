"""The schema that this version knows."""

from __future__ import annotations

# The newest file in `storage/migrations/versions`; a test compares the two.
REVISION = "0005"
