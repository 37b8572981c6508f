"""`headstock watch` on a pseudo-terminal, over the real API, with trials that are moved by hand."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import headstock
import pytest

from storage.states import SearchState
from tests.clients.moved_search import MovedSearch
from tests.clients.terminal import Terminal
from tests.service.assembled import Service
from tests.waiting import wait_until

Environment = dict[str, str]


@pytest.fixture
def moved(live: headstock.Client, service: Service) -> MovedSearch:
    """Six trained trials, and one that runs."""
    search = MovedSearch(service)
    for best in (0.5, 0.7, 0.6, 0.9, 0.8, 0.65):
        search.trained(best - 0.1, best)
    return search


@pytest.fixture
def env(live: headstock.Client, service: Service) -> Environment:
    return {"HEADSTOCK_URL": live.url, "HEADSTOCK_TOKEN": service.token(owner="ada")}


def test_screen_follows_the_search_and_its_keys_steer_it(moved: MovedSearch, env: Environment) -> None:
    moved.queue(2)
    claim = moved.claim()
    moved.train(claim, 0.3, 0.4)
    with Terminal("watch", moved.id, env=env) as terminal:
        text = terminal.shows("digits-mlp", "RUNNING", "6/20 trials", "1 running", "1 queued", "best 0.9000 (trial 3)")
        assert "trials 8" in text
        assert "val_accuracy by epoch" in text
        assert any("\u2801" <= sign <= "\u28ff" for sign in text)
        moved.train(claim, 0.5, first=2)
        terminal.shows("3/10")
        terminal.press("b")
        terminal.until(lambda text: "best trials 6" in text and text.index("0.9000") < text.index("0.8000"))
        terminal.press("l")
        terminal.shows("loss 0.5000  val_accuracy 0.5000")
        terminal.press("m")
        terminal.shows("loss by epoch")
        terminal.press("p")
        terminal.shows("PAUSED")
        assert moved.state == "PAUSED"
        terminal.press("r")
        terminal.shows("RUNNING")
        terminal.press("c")
        terminal.shows("y / n")
        terminal.press("n")
        terminal.shows("not cancelled")
        terminal.resize(70, 20)
        terminal.until(lambda text: "…" in text.splitlines()[0])
        # Ctrl-Z: the shell gets its terminal, until the watcher is brought back.
        terminal.process.send_signal(signal.SIGTSTP)
        wait_until(lambda: b"\x1b[?1049l" in terminal.raw and terminal.settings == terminal.settings_before)
        terminal.process.send_signal(signal.SIGCONT)
        wait_until(lambda: terminal.raw.count(b"\x1b[?1049h") == 2)
        moved.complete(claim)
        moved.end()
        assert terminal.ended() == 0
        assert terminal.settings == terminal.settings_before
        assert terminal.raw.count(b"\x1b[?1049h") == terminal.raw.count(b"\x1b[?1049l") == 2
        terminal.shows("COMPLETED after", "best so far")


@pytest.mark.parametrize(("leave", "code"), [("q", 130), (signal.SIGTERM, 130)])
def test_leaving_gives_the_terminal_back_and_lets_the_search_run(
    moved: MovedSearch, env: Environment, leave: str | signal.Signals, code: int
) -> None:
    with Terminal("watch", moved.id, env=env) as terminal:
        terminal.shows("6/20 trials", "q quit")
        if isinstance(leave, str):
            terminal.press(leave)
        else:
            terminal.process.send_signal(leave)
        assert terminal.ended() == code
        assert terminal.settings == terminal.settings_before
        assert b"\x1b[?1049l" in terminal.raw
        terminal.shows(f"headstock watch {moved.id}")
    assert moved.state == "RUNNING"


def test_cancelled_from_the_screen_and_failed_have_their_exit_codes(moved: MovedSearch, env: Environment) -> None:
    with Terminal("watch", moved.id, env=env) as terminal:
        terminal.shows("6/20 trials")
        terminal.press("c")
        terminal.press("y")
        assert terminal.ended() == 0
        terminal.shows("CANCELLED after")
    failed = MovedSearch(moved.service, name="second")
    failed.end(SearchState.FAILED, "no such shape")
    with Terminal("watch", failed.id, env=env) as terminal:
        assert terminal.ended() == 1
        terminal.shows("FAILED after", "no such shape")


def test_plain_mode_writes_lines_on_a_terminal_too(moved: MovedSearch, env: Environment) -> None:
    moved.end()
    with Terminal("watch", moved.id, "--plain", env=env) as terminal:
        assert terminal.process.wait(timeout=20) == 0
        terminal.shows("trial 3 completed", "COMPLETED after")
        assert b"\x1b[?1049h" not in terminal.raw


class Forwarder:
    """Passes bytes on between a port of its own and the service, and can be cut like a service that restarts."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._open = True
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._open = False
        for end in self._pairs:
            with contextlib.suppress(OSError):  # the other side was quicker
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._pairs.clear()

    def mend(self) -> None:
        self._open = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._pairs += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pass(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


@pytest.fixture
def between(live: headstock.Client) -> Iterator[Forwarder]:
    forwarder = Forwarder(live.url)
    yield forwarder
    forwarder.close()


def test_service_that_goes_and_comes_back_is_followed_on(
    moved: MovedSearch, env: Environment, between: Forwarder
) -> None:
    with Terminal("watch", moved.id, env={**env, "HEADSTOCK_URL": between.url}) as terminal:
        terminal.shows("6/20 trials")
        between.cut()
        terminal.shows("reconnecting")
        moved.trained(0.9, 0.95)
        assert "6/20 trials" in terminal.text()
        between.mend()
        terminal.until(lambda text: "7/20 trials" in text and "reconnecting" not in text)
        terminal.press("q")
        assert terminal.ended() == 130
    wait_until(lambda: moved.state == "RUNNING")
