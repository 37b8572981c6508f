"""Which Host headers are ours, and which addresses may be listened on.

A page of another site can make a browser send requests to a local service by pointing its own name at 127.0.0.1
(DNS rebinding); such requests carry that name in Host. So Host is compared with a list, from the raw header, before
anything else looks at the request.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_loopback(host: str) -> bool:
    """Whether listening on `host` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class HostList:
    """The names this service answers to. An entry with a port allows that port only, one without any port."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = _LOOPBACK_NAMES | {name.lower() for name in allowed}

    def accepts(self, values: list[bytes]) -> bool:
        """Whether the values of a request's Host headers are exactly one name of ours."""
        if len(values) != 1:
            return False
        match = _HOST.fullmatch(values[0].decode("latin-1"))
        if match is None:
            return False
        name = match["name"].lower()
        return name in self._allowed or (match["port"] is not None and f"{name}:{match['port']}" in self._allowed)
