"""Lists in notebooks: the columns that suit what is in them, names as text, long ones cut and counted."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import headstock
import pytest
from headstock.analysis import Diagnosis
from headstock.models import (
    Attempt,
    BuiltinDataset,
    Dataset,
    Epoch,
    Event,
    FinalRecord,
    Model,
    RangeTestRecord,
    SearchRecord,
    TrialRecord,
    Weights,
    Worker,
)

from service import examples
from tests.clients.service_double import Script, client_of, ok, page, search, trial

HOSTILE = "<script>alert('x')</script>&\"'"
EVENT = {"seq": 7, "kind": "trial.epoch", "search_id": "s_1", "trial_id": "t_1", "payload": {"epoch": 3}}


def rows_of(items: list[Any]) -> list[list[str]]:
    """Texts of the cells, the head first; fails when the HTML is not well formed."""
    tree = ElementTree.fromstring(headstock.Table(items)._repr_html_())
    assert not {"script", "style"} & {element.tag for element in tree.iter()}
    return [["".join(cell.itertext()).strip() for cell in row] for row in tree.iter("tr")]


KINDS: list[tuple[type[Model], dict[str, Any], str, str]] = [
    (SearchRecord, examples.SEARCH, "tuner", "random"),
    (TrialRecord, examples.TRIAL, "learning_rate", "0.0031"),
    (FinalRecord, examples.FINAL, "kind", "final training"),
    (RangeTestRecord, examples.RANGE_TEST_DETAIL, "kind", "range test"),
    (Dataset, examples.DATASET, "task", "classification"),
    (BuiltinDataset, examples.BUILTIN, "name", "digits"),
    (Worker, examples.WORKER, "processor", "22%"),
    (Weights, examples.WEIGHTS, "format", ".weights.h5"),
    (Epoch, examples.EPOCH, "loss", "0."),
    (Event, EVENT, "epoch", "3"),
    (Attempt, examples.ATTEMPT, "number", "1"),
    (Diagnosis, examples.DIAGNOSIS, "verdict", "overfitting"),
]


@pytest.mark.parametrize(("model", "document", "column", "value"), KINDS, ids=[kind[0].__name__ for kind in KINDS])
def test_every_kind_of_thing_has_its_columns(
    model: type[Model], document: dict[str, Any], column: str, value: str
) -> None:
    head, *rows = rows_of([model.model_validate(document)] * 2)
    assert len(rows) == 2
    assert rows[0][head.index(column)].startswith(value)


def test_handles_are_shown_as_what_they_stand_for() -> None:
    script = Script().on("GET", "/v1/searches", page([search(), search(id="s_2", name=HOSTILE, state="FAILED")]))
    head, _, second = rows_of(list(client_of(script).searches()))
    assert second[head.index("name")] == HOSTILE
    assert second[head.index("state")] == "● FAILED"
    assert second[head.index("trials")] == "2 of 4"


def test_final_trainings_and_range_tests_stand_in_one_table() -> None:
    jobs = [FinalRecord.model_validate(examples.FINAL), RangeTestRecord.model_validate(examples.RANGE_TEST)]
    assert [row[0] for row in rows_of(jobs)] == ["kind", "final training", "range test"]


def test_trials_of_different_branches_share_their_columns() -> None:
    records = [trial(0, hyperparameters={"a": 1}), trial(1, hyperparameters={"b": HOSTILE})]
    head, first, second = rows_of([TrialRecord.model_validate(record) for record in records])
    assert (head[-2:], first[-2:], second[-2:]) == (["a", "b"], ["1", ""], ["", HOSTILE])


def test_long_lists_are_cut_and_counted() -> None:
    html = headstock.Table([TrialRecord.model_validate(trial(0))] * 1234)._repr_html_()
    assert html.count("<tr>") == 101
    assert "1,134 more are not shown" in html


def test_what_is_no_record_is_shown_all_the_same() -> None:
    assert rows_of([HOSTILE, "b"]) == [["value"], [HOSTILE], ["b"]]
    assert "nothing" in headstock.Table([])._repr_html_()


def test_lists_that_the_client_gives_are_tables() -> None:
    script = Script().on("GET", "/v1/workers", page([examples.WORKER]))
    script.on("GET", "/v1/datasets/builtin", page([examples.BUILTIN]))
    script.on("GET", "/v1/searches/s_1", ok(search()))
    script.on("GET", "/v1/searches/s_1/best", page([trial(1, definition={}, code="")]))
    client = client_of(script)
    for table in (client.workers(), client.builtin_datasets(), client.search("s_1").best()):
        assert isinstance(table, headstock.Table)
        assert len(table) == 1
