"""The server's commands, as a person types them."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from typer import Typer
from typer.testing import CliRunner

from service import commands
from service.check import check_files
from service.local import environment_for
from service.local_token import OWNER, UnsafeTokenFile, ensure_token
from service.server import RefusedToListen, address_of, check_listening, listening_socket
from service.supervisor import Restarts, Role, RoleGaveUp, Supervisor
from service.tokens import identify
from storage.clock import ManualClock, SystemClock
from storage.ids import SearchId
from storage.settings import Settings
from storage.sql import open_repository
from tests.service.assembled import Service
from tests.service.scenes import start_trials, train
from tests.waiting import wait_until


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")}
    return subprocess.run(
        [sys.executable, "-m", "headstock", *arguments],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Refusals at start


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.org"])
def test_a_network_address_needs_a_tls_proxy(host: str) -> None:
    with pytest.raises(RefusedToListen, match="--behind-tls-proxy"):
        check_listening(Settings(host=host))
    check_listening(Settings(host=host, behind_tls_proxy=True))


def test_the_command_refuses_a_network_address(tmp_path: Path) -> None:
    for command in ("api", "up"):
        done = run(command, "--host", "0.0.0.0", "--data-dir", str(tmp_path))
        assert done.returncode == 2
        assert "behind-tls-proxy" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_taken_port_is_named() -> None:
    first = listening_socket("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(RefusedToListen, match=str(port)):
        listening_socket("127.0.0.1", port)
    assert address_of(first) == f"http://127.0.0.1:{port}"
    first.close()


def test_wrong_settings_are_told_in_one_line(tmp_path: Path) -> None:
    done = run("migrate", "--data-dir", str(tmp_path), HEADSTOCK_SLOTS="many")
    assert done.returncode == 2
    assert "slots" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_api_without_a_schema_says_what_to_run(tmp_path: Path) -> None:
    done = run("api", "--data-dir", str(tmp_path), "--port", "0")
    assert done.returncode == 2
    assert "migrate" in done.stderr


# Settings


def test_flags_win_over_variables_and_variables_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "headstock.toml").write_text("port = 1\nslots = 1\nlog_level = 'error'\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADSTOCK_PORT", "2")
    monkeypatch.setenv("HEADSTOCK_SLOTS", "2")
    settings = commands._settings(port=3, slots=None)
    assert (settings.port, settings.slots, settings.log_level) == (3, 2, "error")


@pytest.mark.parametrize("uri", ["mlflow.example", "file:///runs", "http://", "sqlite:///a.db"])
def test_a_tracking_server_has_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEADSTOCK_MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ValidationError, match="over HTTP"):
        Settings()


def test_children_get_every_setting_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path, slots=3, allowed_hosts=("a.example", "b.example"), downloads=False)
    for name, value in environment_for(settings).items():
        if name.startswith("HEADSTOCK_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert Settings() == settings


# The token file


def test_the_token_file_is_made_once_and_for_its_owner_only(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "new" / "token"
    first = ensure_token(path, tokens=service.repository, clock=service.clock)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_token(path, tokens=service.repository, clock=service.clock) == first
    caller = identify(first, tokens=service.repository, now=service.clock.now())
    assert caller is not None
    assert (caller.owner, caller.may("admin")) == (OWNER, True)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_token_file_that_others_can_read_is_refused(service: Service, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    ensure_token(path, tokens=service.repository, clock=service.clock)
    path.chmod(mode)
    with pytest.raises(UnsafeTokenFile, match="chmod 600"):
        ensure_token(path, tokens=service.repository, clock=service.clock)


def test_a_token_file_outlives_its_database(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "token"
    text = ensure_token(path, tokens=service.repository, clock=service.clock)
    other = open_repository(_fresh_database(tmp_path))
    assert identify(text, tokens=other, now=service.clock.now()) is None
    assert ensure_token(path, tokens=other, clock=service.clock) == text
    assert identify(text, tokens=other, now=service.clock.now()) is not None
    other.close()


def test_a_file_without_a_token_and_a_link_are_refused(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("password")
    path.chmod(0o600)
    with pytest.raises(UnsafeTokenFile, match="holds no token"):
        ensure_token(path, tokens=service.repository, clock=service.clock)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(UnsafeTokenFile):
        ensure_token(link, tokens=service.repository, clock=service.clock)


def _fresh_database(folder: Path) -> str:
    from storage.migrations import upgrade

    url = f"sqlite:///{folder / 'other.db'}"
    upgrade(url)
    return url


# Tokens by command


def test_the_token_command_makes_tokens_that_work(tmp_path: Path) -> None:
    app = Typer()
    app.command()(commands.token)
    app.command()(commands.migrate)
    runner = CliRunner()
    assert runner.invoke(app, ["migrate", "--data-dir", str(tmp_path)]).exit_code == 0
    made = runner.invoke(
        app, ["token", "ci", "--owner", "team", "--scope", "read", "--days", "2", "--data-dir", str(tmp_path)]
    )
    assert made.exit_code == 0, made.output
    repository = open_repository(Settings(data_dir=tmp_path).database)
    caller = identify(made.output.strip(), tokens=repository, now=SystemClock().now())
    repository.close()
    assert caller is not None
    assert (caller.owner, sorted(caller.scopes)) == ("team", ["read"])
    wrong = runner.invoke(app, ["token", "ci", "--scope", "root", "--data-dir", str(tmp_path)])
    assert wrong.exit_code == 2


# fsck


def test_fsck_finds_nothing_wrong_on_a_sound_service(
    service: Service, definition: dict[str, object], tmp_path: Path
) -> None:
    _search_with_files(service, definition, tmp_path)
    assert list(check_files(service.repository, service.store)) == []


def test_fsck_finds_missing_damaged_and_unowned_files(
    service: Service, definition: dict[str, object], tmp_path: Path
) -> None:
    search_id = _search_with_files(service, definition, tmp_path)
    first, second = (
        service.repository.trial_artifacts(trial.id)[0]
        for trial in service.repository.list_trials(search_id, limit=2).items
    )
    stray = tmp_path / "stray"
    stray.write_bytes(b"stray")
    service.store.delete(first.key)
    service.store.put(second.key, stray)
    service.store.put("trials/t_none/last.npz", stray)
    service.store.put("datasets/d_none/x_train.npy", stray)
    dataset = service.repository.get_dataset(service.repository.get_search(search_id).dataset_id)
    service.store.delete(f"{dataset.key}/x_train.npy")
    found = {(violation.invariant, violation.subject) for violation in check_files(service.repository, service.store)}
    assert found == {
        ("file_whole", first.key),
        ("file_whole", second.key),
        ("file_owned", "trials/t_none/last.npz"),
        ("file_owned", "datasets/d_none"),
        ("file_whole", f"{dataset.key}/x_train.npy"),
    }


def test_the_fsck_command_ends_with_1_on_a_violation(tmp_path: Path) -> None:
    assert run("migrate", "--data-dir", str(tmp_path)).returncode == 0
    clean = run("fsck", "--data-dir", str(tmp_path))
    assert (clean.returncode, clean.stdout.strip()) == (0, "no violation found")
    stray = tmp_path / "artifacts" / "trials" / "t_1" / "last.npz"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"stray")
    broken = run("fsck", "--data-dir", str(tmp_path))
    assert broken.returncode == 1
    assert "trials/t_1/last.npz" in broken.stdout
    assert "1 violation" in broken.stdout


def _search_with_files(service: Service, definition: dict[str, object], folder: Path) -> SearchId:
    client = service.client(service.token())
    search_id = SearchId(client.post("/v1/searches", json=definition).json()["id"])
    start_trials(service.repository, search_id, [{"units": units, "learning_rate": 0.001} for units in (32, 64)])
    train(service.repository, service.store, folder, [[0.5, 0.6], [0.7, 0.8]])
    return search_id


# Supervision

FOREVER = "import signal; signal.pause()"
STUBBORN = (
    "import signal, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "pathlib.Path('ready').touch(); signal.pause(); signal.pause(); signal.pause()"
)


def supervisor(
    folder: Path,
    code: str,
    *,
    clock: ManualClock | None = None,
    grace_s: float = 10.0,
    most: int = 3,
    vital: bool = True,
) -> Supervisor:
    return Supervisor(
        [Role("one", ("-c", code), vital=vital)],
        environment=dict(os.environ),
        log_dir=folder / "logs",
        grace_s=grace_s,
        clock=clock or SystemClock(),
        restarts=Restarts(first_s=1.0, most=most),
    )


def gone(watched: Supervisor) -> bool:
    watched.look()
    return not watched.pids()


def test_a_child_that_dies_is_started_again_after_a_growing_wait(tmp_path: Path) -> None:
    clock = ManualClock()
    watched = supervisor(tmp_path, FOREVER, clock=clock, most=10)
    watched.start()
    pids = [watched.pids()["one"]]
    for wait_s in (1.0, 2.0, 4.0):
        os.kill(pids[-1], signal.SIGKILL)
        wait_until(lambda: gone(watched))
        clock.advance(wait_s - 0.5)
        watched.look()
        assert not watched.pids()
        clock.advance(0.6)
        watched.look()
        pids.append(watched.pids()["one"])
    assert len(set(pids)) == 4
    watched.stop()
    assert not watched.pids()


def test_a_child_that_cannot_stay_up_ends_the_service(tmp_path: Path) -> None:
    watched = supervisor(tmp_path, "import sys; sys.exit('the reason')", clock=(clock := ManualClock()))
    watched.start()

    def look() -> bool:
        clock.advance(5.0)
        watched.look()
        return False

    with pytest.raises(RoleGaveUp, match="exit code 1"):
        wait_until(look)
    assert "the reason" in watched.log_path("one").read_text()


def test_a_child_that_is_not_vital_is_started_for_ever(tmp_path: Path) -> None:
    clock = ManualClock()
    watched = supervisor(tmp_path, "import sys; sys.exit('again')", clock=clock, vital=False)
    watched.start()

    def look() -> bool:
        clock.advance(31.0 if not watched.pids() else 0.0)
        watched.look()
        return watched.log_path("one").read_text().count("again") >= 6

    wait_until(look)
    watched.stop()


def test_a_child_that_will_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    watched = supervisor(tmp_path, STUBBORN, grace_s=0.3)
    watched.start()
    pid = watched.pids()["one"]
    wait_until((tmp_path / "ready").exists)
    watched.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    script = f"""
import os, pathlib, signal
from storage.clock import SystemClock
from service.supervisor import Role, Supervisor
watched = Supervisor([Role("one", ("-c", {FOREVER!r}))], environment=dict(os.environ),
                     log_dir=pathlib.Path("logs"), grace_s=1.0, clock=SystemClock())
watched.start()
pathlib.Path("pid").write_text(str(watched.pids()["one"]))
signal.pause()
"""
    root = str(Path(__file__).resolve().parents[2])
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env={**os.environ, "PYTHONPATH": root})
    pid = wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    command = Path(f"/proc/{pid}/cmdline")
    wait_until(lambda: b"tether" not in command.read_bytes() and b"signal.pause" in command.read_bytes())
    parent.kill()
    parent.wait()
    wait_until(lambda: not command.exists() or command.read_bytes() == b"", timeout_s=10)


def test_up_serves_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """`headstock up` from start to Ctrl-C, with the printed link opened; a second one in the folder is refused."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADSTOCK_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "headstock", "up", "--data-dir", str(tmp_path), "--port", "0", "--slots", "0"],
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        wait_until(lambda: any("Ctrl-C" in line for line in lines), timeout_s=60)
        url = json.loads((tmp_path / "server.json").read_text())["url"]
        printed = "".join(lines)
        assert url in printed
        assert str(tmp_path / "token") in printed
        link = next(line for line in lines if "/login?code=" in line).split()[1]
        with httpx.Client() as browser:
            assert browser.get(link).status_code == 303
            assert browser.get(f"{url}/v1/searches").status_code == 200
        assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
        assert (tmp_path / "token").read_text().strip() not in printed
        second = run("up", "--data-dir", str(tmp_path), "--port", "0")
        assert second.returncode == 2
        assert "another" in second.stderr
        children = _children(process.pid)
        assert len(children) == 3
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=40)
        reader.join(timeout=5)
        assert process.stderr is not None
        process.stderr.close()
        process.stdout.close()
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert not (tmp_path / "server.json").exists()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
