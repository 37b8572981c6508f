"""What leaves in each format, and that pandas reads it in one line; `test_answers_equal_pandas` computes with it."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from service.exports.columns import type_of
from service.exports.parquet import wire_cell
from storage.clock import SystemClock
from storage.epochs import EpochRow
from storage.ids import SearchId
from storage.records import NewTrial
from storage.workers import Slot
from tests.service.assembled import Service
from tests.service.exported import exported
from tests.service.sweep_scene import trained_sweep
from tuners.child_files import FileFailed
from tuners.space import Hyperparameter
from tuners.tables.client import parquet_bytes
from tuners.tables.wire import Column

Document = dict[str, Any]


@pytest.fixture
def sweep(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_sweep(service, ada, definition)


def test_parquet_has_types(service: Service, ada: TestClient, sweep: SearchId) -> None:
    answer = ada.get(f"/v1/searches/{sweep}/export?format=parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert f"{sweep}-trials.parquet" in answer.headers["content-disposition"]
    table = pq.read_table(io.BytesIO(answer.content))
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["number"], types["score"], types["hp:units"]) == ("int64", "double", "int64")
    assert (types["hp:hidden"], types["hp:learning_rate"]) == ("list<element: int64>", "double")
    assert (types["ended_at"], types["swept"]) == ("timestamp[us, tz=UTC]", "string")
    rows = table.to_pylist()
    assert [row["hp:hidden"] for row in rows[-2:]] == [[18, 18], [9, 9, 9]]
    stored = service.repository.list_trials(sweep, limit=500).items
    assert [row["ended_at"] for row in rows] == [trial.ended_at for trial in stored]
    assert rows[0]["bracket"] is None


def test_values_that_are_not_finite_stay_what_they_were(
    service: Service, ada: TestClient, definition: Document
) -> None:
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    repository = service.repository
    repository.start_search(search_id)
    repository.add_trials(search_id, [NewTrial({"units": 32}, "h")], oracle_state={}, expected_version=0)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu", None)], versions={}
    )
    (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
    values = (math.nan, math.inf, -math.inf, 0.25)
    rows = [EpochRow(0, epoch, {"val_accuracy": 0.5, "loss": value}, 0.1) for epoch, value in enumerate(values)]
    repository.record_epochs(claim.lease, rows)
    data = ada.get(f"/v1/searches/{search_id}/export?table=epochs&format=parquet").content
    found = pq.read_table(io.BytesIO(data))["metric:loss"].to_pylist()
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf, 0.25]
    text = ada.get(f"/v1/searches/{search_id}/export?table=epochs").text
    assert [line.split(",")[-2] for line in text.splitlines()[1:]] == ["", "", "", "0.25"]


@pytest.mark.parametrize("table", ["trials", "epochs"])
def test_a_search_without_trials_is_an_empty_table(ada: TestClient, definition: Document, table: str) -> None:
    search_id = ada.post("/v1/searches", json=definition).json()["id"]
    frame = exported(ada, search_id, table, "parquet")
    assert len(frame) == 0
    assert "seconds" in frame.columns


@pytest.mark.parametrize(
    ("hyperparameter", "type"),
    [
        (Hyperparameter(name="a", type="int", default=1, min_value=1, max_value=9), "int"),
        (Hyperparameter(name="a", type="int", default=1, min_value=1, max_value=2**70), "float"),
        (Hyperparameter(name="a", type="float", default=1.0, min_value=0.0, max_value=1.0), "float"),
        (Hyperparameter(name="a", type="boolean", default=True), "bool"),
        (Hyperparameter(name="a", type="fixed", default=True, values=(True,)), "bool"),
        (Hyperparameter(name="a", type="choice", default=1, values=(1, 2)), "int"),
        (Hyperparameter(name="a", type="choice", default=1, values=(1, 2.5)), "float"),
        (Hyperparameter(name="a", type="choice", default="x", values=("x", 1, True)), "text"),
        (Hyperparameter(name="a", type="choice", default="[1]", values=("[1]", "[2, 3]")), "ints"),
        (Hyperparameter(name="a", type="choice", default="[1]", values=("[1]", "[2.5, 3]")), "floats"),
    ],
)
def test_columns_take_the_types_of_the_values(hyperparameter: Hyperparameter, type: str) -> None:
    assert type_of(hyperparameter) == type
    column = Column(name="a", type=type_of(hyperparameter))
    values = hyperparameter.values or (hyperparameter.default,)
    cells = [wire_cell(value, column.type) for value in (*values, None)]
    data = b"".join(parquet_bytes([column], [[cells]], clock=SystemClock()))
    assert pq.read_table(io.BytesIO(data))["a"].to_pylist() == cells


def test_long_tables_come_in_groups() -> None:
    columns = [Column(name="n", type="int"), Column(name="x", type="float")]
    batches: Iterator[list[list[Any]]] = ([list(range(at, at + 2000)), [0.5] * 2000] for at in range(0, 120_000, 2000))
    pieces = list(parquet_bytes(columns, batches, clock=SystemClock()))
    file = pq.ParquetFile(io.BytesIO(b"".join(pieces)))
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == [50_000, 50_000, 20_000]
    assert file.read()["n"].to_pylist() == list(range(120_000))
    # Bytes left before the end was known: nothing holds the whole file.
    assert len([piece for piece in pieces if len(piece) > 1000]) == 3


def test_cells_that_do_not_fit_are_told() -> None:
    with pytest.raises(FileFailed, match="ArrowInvalid"):
        list(parquet_bytes([Column(name="n", type="int")], [[["seven"]]], clock=SystemClock()))
