"""A service for the examples, with their data in it, and searches that follow the definitions in this folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstock import Client, Search
from headstock.cli.child import ChildServer
from headstock.progress import ProgressView

from examples import make_data
from examples.report import Report

HERE = Path(__file__).parent
READY_S = 120.0
SEARCH_S = 7200.0
BUILDERS = {
    "digits-convnet": "examples.builders.digits_convnet:build",
    "digits-hypermodel": "examples.builders.digits_convnet:DigitsHyperModel",
}


@dataclass(frozen=True)
class Run:
    """One example on its way.

    Attributes:
        short: Whether only a small part of the work is done, to see that all of it can be.
        mnist: Whether examples on digits run on MNIST instead.
    """

    client: Client
    report: Report
    short: bool
    mnist: bool

    def search(
        self,
        file: str,
        *,
        short: Mapping[str, Any],
        change: Mapping[str, Any] | None = None,
        mnist: Mapping[str, Any] | None = None,
    ) -> Search:
        """The search of a definition file, once it has ended.

        Args:
            file: Name without `.json`.
            short: Parts of the definition to replace in the short form, by dotted path.
            change: Likewise, in any form.
            mnist: Likewise, on MNIST.
        """
        definition = json.loads((HERE / f"{file}.json").read_text("utf-8"))
        if self.mnist and definition["dataset"].get("name") == "digits":
            # The larger set has a test part of its own.
            definition["dataset"] = {"name": "mnist"}
        changes = {**(change or {}), **((mnist or {}) if self.mnist else {}), **(short if self.short else {})}
        for path, value in changes.items():
            put(definition, path, value)
        name = definition["dataset"]["name"]
        self.report.text(f"`examples/{file}.json` on `{name}`:")
        self.report.code(f"headstock submit examples/{file}.json --watch")
        search = self.client.submit(definition)
        with ProgressView() as view:
            search.wait(progress=view, timeout=SEARCH_S)
        counts = search.counts
        score = "none scored" if search.best_score is None else f"{search.best_score.score:.4f}"
        self.report.text(f"{counts.ended} trials, best {search.objective.name} {score}.")
        return search


def put(document: dict[str, Any], path: str, value: object) -> None:
    """Set what lies at a dotted path, making the objects on the way."""
    *parents, last = path.split(".")
    for key in parents:
        document = document.setdefault(key, {})
    document[last] = value


@contextmanager
def service(data_dir: Path, *, slots: int, mnist: Path | None) -> Iterator[Client]:
    """A service of our own with the builders of the examples, which allows code; ended with the block."""
    settings = {"HEADSTOCK_BUILDERS": json.dumps(BUILDERS), "HEADSTOCK_CODE": "true"}
    server = ChildServer.start(data_dir, slots=slots, settings=settings)
    try:
        client = server.connect(timeout_s=READY_S)
        with client:
            _upload(client, data_dir / "files", mnist)
            yield client
    finally:
        server.stop()


def _upload(client: Client, folder: Path, mnist: Path | None) -> None:
    """Data that do not come by name. What is there from an earlier run stays."""
    there = {dataset.name for dataset in client.datasets()}
    if mnist is not None and "mnist" not in there:
        client.upload_dataset(mnist, name="mnist")
    for path in make_data.write(folder, mnist):
        if path.stem not in there:
            client.upload_dataset(path, name=path.stem)


def mnist_file() -> Path | None:
    """The `.npz` named by HEADSTOCK_MNIST, when there is one."""
    named = os.environ.get("HEADSTOCK_MNIST")
    return Path(named) if named else None
