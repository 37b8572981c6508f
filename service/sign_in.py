"""What keeps sign-ins honest: one-time login codes and a brake on guessing."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass

from service.tokens import Caller
from storage.clock import Clock

_WINDOW_S = 60.0
_MOST_ADDRESSES = 10_000
_MOST_CODES = 100


@dataclass(frozen=True, slots=True)
class _Pending:
    caller: Caller
    expires_at: float


class LoginCodes:
    """One-time codes that turn a link into a browser session; kept hashed, in memory, for minutes. Thread-safe."""

    def __init__(self, clock: Clock, *, lasts_s: float) -> None:
        self._clock = clock
        self._lasts_s = lasts_s
        self._lock = threading.Lock()
        self._pending: OrderedDict[str, _Pending] = OrderedDict()

    def issue(self, caller: Caller) -> str:
        """A fresh code that signs in as `caller`."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._forget_expired()
            while len(self._pending) >= _MOST_CODES:
                self._pending.popitem(last=False)
            self._pending[_digest(code)] = _Pending(caller, self._clock.monotonic() + self._lasts_s)
        return code

    def redeem(self, code: str) -> Caller | None:
        """Whom the code signs in, once; None when it is unknown, used or too old."""
        with self._lock:
            self._forget_expired()
            pending = self._pending.pop(_digest(code), None)
        return pending.caller if pending else None

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, pending in self._pending.items() if pending.expires_at <= now]:
            del self._pending[key]


class Brake:
    """Counts failures per address over a sliding minute. Thread-safe.

    Right tokens pass even while an address is braked: secrets of 256 bits are not found by guessing, and whoever shares
    an address with a broken client must not be locked out by it.
    """

    def __init__(self, clock: Clock, *, per_minute: int) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, address: str) -> bool:
        """Note a failure; True when the address has used up its share."""
        now = self._clock.monotonic()
        with self._lock:
            times = self._failures.setdefault(address, deque(maxlen=self._per_minute + 1))
            self._failures.move_to_end(address)
            while times and times[0] <= now - _WINDOW_S:
                times.popleft()
            times.append(now)
            while len(self._failures) > _MOST_ADDRESSES:
                self._failures.popitem(last=False)
            return len(times) > self._per_minute


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", errors="replace")).hexdigest()
