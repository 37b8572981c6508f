"""The real API on a real port, and searches whose trials a worker without Keras has run."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import headstock
import uvicorn

from service import examples
from service.server import address_of, listening_socket
from storage.epochs import EpochRow
from storage.ids import SearchId
from storage.records import NewTrial
from storage.workers import Slot
from tests.service.assembled import Service
from tests.waiting import wait_until
from tuners.definitions import parse_definition


@contextmanager
def served(service: Service) -> Iterator[str]:
    """The address of the service's app, on the network of this machine."""
    sock = listening_socket("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(service.app, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="the API")
    yield address_of(sock)
    service.app.state.context.hub.stop()
    server.should_exit = True
    thread.join(timeout=10)
    sock.close()


def definition(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(examples.DEFINITION)), **changes}


def train(service: Service, search: headstock.Search | headstock.AsyncSearch, *, scores: list[float | None]) -> None:
    """Trials of the search, completed with these scores by a worker that needs no Keras; None fails."""
    repository = service.repository
    search_id = SearchId(search.id)
    repository.start_search(search_id)
    names = [hyperparameter["name"] for hyperparameter in search.record.definition["hyperparameters"]]  # type: ignore[index]
    version = repository.get_search(search_id).oracle_version
    proposals = [
        NewTrial(values=values_of(search, place), values_hash=f"{place:032x}", target_epochs=2)
        for place in range(len(scores))
    ]
    assert names
    repository.add_trials(search_id, proposals, oracle_state={}, expected_version=version)
    worker = repository.register_worker(
        name="box-1", host="box", pid=1, backend="tensorflow", slots=[Slot(0, "cpu", None)], versions={}
    )
    for score in scores:
        (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
        repository.report_start(claim.lease, parameters=1000, device="cpu")
        value = float("nan") if score is None else score
        rows = [EpochRow(0, epoch, {"val_accuracy": value, "loss": 1.0}, 0.5) for epoch in range(2)]
        repository.record_epochs(claim.lease, rows)
        repository.complete_trial(claim.lease, seconds=1.0, log="trained")


def values_of(search: headstock.Search | headstock.AsyncSearch, place: int) -> dict[str, Any]:
    """The defaults of its space, with units that grow."""
    assert search.record.definition is not None
    values = parse_definition(search.record.definition).space().defaults()
    units = next(name for name in values if name.startswith("units"))
    return {**values, units: 32 * (place + 1)}
