"""The TypeScript client: its types are the document's, it compiles, and it does its work against the real API."""

from __future__ import annotations

import json
from pathlib import Path

import headstock
import pytest

from storage.ids import SearchId
from storage.records import Reason
from storage.states import SearchState
from tests.clients.scene import definition, train
from tests.service.assembled import Service
from tools import node, typescript


@pytest.fixture(scope="module")
def packages() -> Path:
    """The client's folder with its packages installed: fetched once, skipped without a network."""
    try:
        node.install(typescript.FOLDER)
    except node.NoNetwork as missing:
        pytest.skip(str(missing))
    return typescript.FOLDER


@pytest.fixture(scope="module")
def compiled(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client and its scenario as JavaScript."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(packages / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    done = node.run(packages, "tsc", "--outDir", str(folder), capture=True)
    assert done.returncode == 0, done.stdout
    return folder


def test_types_are_those_of_the_document(packages: Path, service: Service) -> None:
    assert typescript.SCHEMA.read_text(encoding="utf-8") == typescript.types_of(service.app.openapi()), (
        "the API has changed: run `make typescript`"
    )


def test_lock_names_no_registry_and_versions_are_exact() -> None:
    lock = (typescript.FOLDER / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    stated = json.loads((typescript.FOLDER / "package.json").read_text(encoding="utf-8"))
    locked = json.loads(lock)["packages"]
    for name, version in {**stated["dependencies"], **stated["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_program_submits_reads_and_follows(compiled: Path, live: headstock.Client, service: Service) -> None:
    trained = live.submit(definition(name="trained"))
    train(service, trained, scores=[0.5, 0.75, None, 0.25, 0.625])
    failed = live.submit(definition(name="failed"))
    service.repository.start_search(SearchId(failed.id))
    why = Reason("build_error", "Dense needs a rank of 2")
    service.repository.end_search(SearchId(failed.id), SearchState.FAILED, why)
    arguments = [live.url, service.token(owner="ada"), json.dumps(definition()), trained.id, failed.id]
    done = node.run(compiled, "node", "tests/scenario.js", *arguments, capture=True, timeout_s=60.0)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["submitted"] == ["QUEUED", "max", True]
    assert told["scores"] == [0.5, 0.75, None, 0.25, 0.625]
    missing, invalid = told["problems"]
    assert missing == [404, "not_found", False]
    assert (invalid[:2], invalid[2]) == ([422, "invalid_definition"], ["/seed"])
    assert told["events"] == [["search.created", "search.cancelled"], True]
    assert told["waited"] == ["CANCELLED", "CANCELLED"]
    assert told["failed"] == f"search {failed.id} failed (build_error): Dense needs a rank of 2"
    assert told["broken"] == [["search.created", "search.paused", "search.cancelled"], ["0", "seen"]]
    assert told["repeated"] == {"read": 2, "submitted": 2, "cancelled": 1, "unreachable": True}
