"""One read after the other over one kept-open connection, each with other parameters."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

Address = Callable[[int], str]


@dataclass(frozen=True)
class Read:
    """A kind of read.

    Attributes:
        path: Where to ask, from the number of the repeat.
        goal_ms: What the p99 is held to; None: only shown.
        firsts: How many reads from the start ask for something that the server has not been asked for before.
    """

    name: str
    path: Address
    goal_ms: float | None = None
    firsts: int = 1


@dataclass(frozen=True)
class Measured:
    """Milliseconds of a kind of read.

    Attributes:
        first_ms: The slowest of the first ones after the server's start.
        first_cpu_ms: Processor time of the server's process for one of them, on average.
        taken_ms: Those after them.
        cpu_ms: Processor time of the server's process for each of those: it says the same on a busy machine.
    """

    read: Read
    first_ms: float
    first_cpu_ms: float
    taken_ms: Sequence[float]
    cpu_ms: Sequence[float]
    size_kb: float

    @property
    def p50(self) -> float:
        return statistics.median(self.taken_ms)

    @property
    def p99(self) -> float:
        return _p99(self.taken_ms)

    @property
    def cpu_p50(self) -> float:
        return statistics.median(self.cpu_ms)

    @property
    def cpu_p99(self) -> float:
        return _p99(self.cpu_ms)


class Connection:
    """A client that does as little as possible itself."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=300)
        self._headers = dict(headers)

    def get(self, path: str) -> tuple[float, bytes]:
        """Milliseconds until the whole answer was there, and the answer."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        taken = 1000 * (time.perf_counter() - began)
        if answer.status != 200:
            raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")
        return taken, body


def measure(connection: Connection, read: Read, *, repeats: int, pid: int) -> Measured:
    """`repeats` times the read, after the first ones, which are told apart.

    Args:
        pid: The process that answers.
    """
    start = cpu_ms(pid)
    first = max(connection.get(read.path(number))[0] for number in range(read.firsts))
    clock = [cpu_ms(pid)]
    taken, sizes = [], []
    for number in range(repeats):
        ms, body = connection.get(read.path(read.firsts + number))
        clock.append(cpu_ms(pid))
        taken.append(ms)
        sizes.append(len(body))
    spent = [after - before for before, after in pairwise(clock)]
    return Measured(read, first, (clock[0] - start) / read.firsts, taken, spent, statistics.median(sizes) / 1024)


def _p99(values: Sequence[float]) -> float:
    """The smallest value that 99 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, -(-99 * len(ordered) // 100) - 1)]


def cpu_ms(pid: int) -> float:
    """Processor time that a process has spent by now, all its threads together (Linux)."""
    # What clock_getcpuclockid(3) gives: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED).
    return 1000 * time.clock_gettime((~pid << 3) | 2)
