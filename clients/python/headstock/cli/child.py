"""`headstock up` as a child process: started, waited for, and ended with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headstock.client import Client
from headstock.errors import HeadstockError, NotConfigured

LOG_NAME = "demo.log"
TAIL_LINES = 20
ROLE_TAIL_LINES = 8
POLL_S = 0.2
# The service gives trainers ten seconds to end, so it gets longer than that before it is killed.
GRACE_S = 25.0


class ServerFailed(HeadstockError):
    """The service did not start, or ended by itself. The message has the end of its log."""


@dataclass(slots=True)
class ChildServer:
    """One service in a process group of its own, with its output in a file of the data folder."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    log: Path

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        slots: int,
        settings: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
    ) -> ChildServer:
        """Start it on a free port.

        Args:
            settings: `HEADSTOCK_*` variables it gets; those around us are meant for other services.
            command: Replaces `headstock up` (tests).
        """
        data_dir.mkdir(parents=True, exist_ok=True)
        # A service that was killed leaves its address behind; the new one's is waited for.
        (data_dir / "server.json").unlink(missing_ok=True)
        log = data_dir / LOG_NAME
        own = [sys.executable, "-m", "headstock", "up", "--data-dir", str(data_dir), "--host", "127.0.0.1"]
        arguments = list(command) if command is not None else [*own, "--port", "0", "--slots", str(slots)]
        # Addresses and settings meant for another service must not reach this one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")}
        environment |= settings or {}
        with log.open("wb") as output:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                # Ctrl-C in the terminal reaches us alone: we end the service in order.
                start_new_session=True,
            )
        return cls(process, data_dir, log)

    def connect(self, *, timeout_s: float, workers: int = 1) -> Client:
        """A client, once the service answers and its workers are registered.

        Raises:
            ServerFailed: It ended by itself, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"the service ended by itself (exit code {self.process.returncode}){self.tail()}")
            with contextlib.suppress(NotConfigured):
                client = Client.local(self.data_dir)
                with contextlib.suppress(HeadstockError):
                    if len(client.workers()) >= workers:
                        return client
                client.close()
            time.sleep(POLL_S)
        raise ServerFailed(f"the service was not ready within {timeout_s:g} s{self.tail()}")

    def check(self) -> None:
        """Raises ServerFailed when it has ended by itself."""
        if self.process.poll() is not None:
            raise ServerFailed(f"the service ended by itself (exit code {self.process.returncode}){self.tail()}")

    def tail(self) -> str:
        """The end of its logs (its own and its roles'), a paragraph each; empty when they are."""
        logs = [(self.log, TAIL_LINES), *((log, ROLE_TAIL_LINES) for log in sorted(self.data_dir.glob("logs/*.log")))]
        return "".join(_end_of(log, count) for log, count in logs)

    def stop(self) -> None:
        """End it in order; after the grace kill it. Either way nothing of its process group is left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _end_of(log: Path, count: int) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return ""
    return f"\nThe end of {log}:\n" + "\n".join(f"  {line}" for line in lines) if lines else ""
