"""Keeps the roles of a local service running: starts them, starts them again when they die, stops them together."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from storage.clock import Clock

_log = structlog.get_logger("service")
_TETHER = Path(__file__).with_name("tether.py")
_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Role:
    """One child: its name, what follows `python` on its command line, and the descriptors it inherits.

    `vital`: whether the service gives up with it; what is not is started again for ever.
    """

    name: str
    arguments: tuple[str, ...]
    pass_fds: tuple[int, ...] = ()
    vital: bool = True


@dataclass(frozen=True, slots=True)
class Restarts:
    """How soon and how often a child that dies is started again.

    Attributes:
        first_s: Seconds before the first new start; doubled for each one after.
        longest_s: Where the doubling ends.
        steady_s: A child that lived so long is taken to be well: counting begins anew.
        most: Quick deaths in a row after which the whole service gives up.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    steady_s: float = 30.0
    most: int = 6

    def wait_s(self, deaths: int) -> float:
        return float(min(self.longest_s, self.first_s * 2.0 ** min(deaths - 1, 60)))


class RoleGaveUp(Exception):
    """A child keeps dying at once; its log says why."""


@dataclass(slots=True)
class _Child:
    role: Role
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    start_at: float = field(default=0.0)


class Supervisor:
    """Runs roles as children. Each writes to its own log file; none outlives the supervisor.

    Args:
        environment: The children's whole environment.
        log_dir: Folder of `<role>.log`.
        grace_s: Seconds children get to stop before they are killed.
    """

    def __init__(
        self,
        roles: Sequence[Role],
        *,
        environment: Mapping[str, str],
        log_dir: Path,
        grace_s: float,
        clock: Clock,
        restarts: Restarts | None = None,
    ) -> None:
        self._children = [_Child(role) for role in roles]
        self._environment = dict(environment)
        self._log_dir = log_dir
        self._grace_s = grace_s
        self._clock = clock
        self._restarts = restarts or Restarts()

    def log_path(self, role: str) -> Path:
        return self._log_dir / f"{role}.log"

    def pids(self) -> dict[str, int]:
        """The process ids of the children that live."""
        return {
            child.role.name: child.process.pid
            for child in self._children
            if child.process is not None and child.process.poll() is None
        }

    def start(self) -> None:
        """Start all children."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        for child in self._children:
            self._spawn(child)

    def run(self, stop: threading.Event) -> None:
        """Watch the children until `stop` is set.

        Raises:
            RoleGaveUp: A vital one dies again and again right after its start.
        """
        while not stop.wait(_LOOK_S):
            self.look()

    def look(self) -> None:
        """Notice deaths, and start again what is due."""
        now = self._clock.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.start_at:
                    self._spawn(child)
                continue
            code = child.process.poll()
            if code is None:
                continue
            child.process = None
            child.deaths = 1 if now - child.started_at >= self._restarts.steady_s else child.deaths + 1
            if child.deaths >= self._restarts.most and child.role.vital:
                raise RoleGaveUp(
                    f"the {child.role.name} dies right after its start (exit code {code}): "
                    f"see {self.log_path(child.role.name)}"
                )
            child.start_at = now + self._restarts.wait_s(child.deaths)
            _log.warning("role_died", action="restart", role=child.role.name, code=code, deaths=child.deaths)

    def stop(self) -> None:
        """Ask all children to end and wait for them; kill what is left after the grace."""
        living = [child for child in self._children if child.process is not None]
        for child in living:
            assert child.process is not None
            if child.process.poll() is None:
                child.process.terminate()
        deadline = self._clock.monotonic() + self._grace_s
        for child in living:
            assert child.process is not None
            try:
                child.process.wait(timeout=max(0.1, deadline - self._clock.monotonic()))
            except subprocess.TimeoutExpired:
                _log.warning("role_killed", action="stop", role=child.role.name)
                child.process.kill()
                child.process.wait()
            child.process = None

    def _spawn(self, child: _Child) -> None:
        with self.log_path(child.role.name).open("ab") as log:
            child.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), sys.executable, *child.role.arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                pass_fds=child.role.pass_fds,
                # Ctrl-C reaches the whole foreground group; children are stopped by us, in order, and by nobody else.
                start_new_session=True,
            )
        child.started_at = self._clock.monotonic()
