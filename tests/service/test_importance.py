"""Importance over HTTP: what is asked of the child, what comes back, and what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.trends.importance import Subject, importance_report
from storage.ids import SearchId
from tests.service.analysis_scene import trained_search
from tests.service.assembled import Service
from tuners.analysis.wire import Effect, Importance, ImportanceQuestion, PairEffect
from tuners.space import Space

Document = dict[str, Any]


@pytest.fixture
def search(service: Service, ada: TestClient, definition: Document) -> SearchId:
    return trained_search(service, ada, definition)


def asked(client: TestClient, search_id: SearchId, **query: str) -> Document:
    answer = client.get(f"/v1/searches/{search_id}/importance", params=query)
    assert answer.status_code == 200, answer.text
    found: Document = answer.json()
    return found


def test_what_decides_comes_first(ada: TestClient, search: SearchId) -> None:
    found = asked(ada, search)
    assert (found["method"], found["trials"], found["metric"]["name"]) == ("fanova", 24, "val_accuracy")
    assert [each["name"] for each in found["hyperparameters"]][:1] == ["learning_rate"]
    assert {each["name"] for each in found["hyperparameters"]} == {"units", "learning_rate", "regular", "dropout"}
    dropout = next(each for each in found["hyperparameters"] if each["name"] == "dropout")
    assert dropout["conditional"]
    assert dropout["trials"] < 24
    assert dropout["share"] <= dropout["share_where_active"] <= 1.0
    assert all(len(pair["names"]) == 2 for pair in found["pairs"])
    assert asked(ada, search) == found


def test_another_metric_has_other_reasons(ada: TestClient, search: SearchId) -> None:
    found = asked(ada, search, method="ped_anova", metric="loss", at="last")
    assert (found["metric"], found["at"]) == ({"name": "loss", "direction": "min"}, "last")
    assert found["pairs"] == []
    assert sum(each["share"] for each in found["hyperparameters"]) == pytest.approx(1.0)
    assert all(each["share_where_active"] is None for each in found["hyperparameters"])


def test_too_little_is_said_and_not_guessed(ada: TestClient, definition: Document) -> None:
    search_id = ada.post("/v1/searches", json=definition).json()["id"]
    found = asked(ada, search_id)
    assert (found["hyperparameters"], found["pairs"], found["trials"]) == ([], [], 0)
    assert "no hyperparameter" in found["note"]


def test_few_trials_are_no_ground(service: Service, ada: TestClient, definition: Document) -> None:
    found = asked(ada, trained_search(service, ada, definition, trials=9))
    assert found["hyperparameters"] == []
    assert found["note"] == "9 scored trials: at least 10 are needed"


@dataclass
class Told:
    """An analyst that answers with these shares, whatever it is asked."""

    shares: Importance

    def importance(self, question: ImportanceQuestion) -> Importance:
        return self.shares


@pytest.mark.parametrize(
    ("alone", "together", "caution"),
    [(0.2, 0.1, "alone and in pairs they explain 30%"), (0.2, 0.4, None), (0.6, 0.0, None)],
)
def test_shares_that_tell_little_are_told_as_such(
    service: Service, search: SearchId, alone: float, together: float, caution: str | None
) -> None:
    found = service.repository.get_search(search)
    shares = Importance(
        effects=[Effect(name="learning_rate", share=alone, share_where_active=alone, trials=24)],
        pairs=[PairEffect(names=("learning_rate", "units"), share=together, share_where_active=together, trials=24)],
    )
    report = importance_report(
        found,
        service.repository.scored_columns(search),
        Subject("fanova", "val_accuracy", "max"),
        space=Space.from_json({"hyperparameters": [], **found.space}),
        analyst=Told(shares),
    )
    assert report["note"] is None if caution is None else report["note"].startswith(caution)


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("method=shap", "query:method", "invalid_enum"),
        ("metric=f2", "query:metric", "unknown_metric"),
        ("at=first", "query:at", "invalid_enum"),
        ("metrics=loss", "query", "unknown_parameter"),
    ],
)
def test_wrong_questions_are_refused(ada: TestClient, search: SearchId, query: str, pointer: str, code: str) -> None:
    answer = ada.get(f"/v1/searches/{search}/importance?{query}")
    assert answer.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [(pointer, code)]


def test_the_answer_is_what_the_document_says(ada: TestClient, search: SearchId) -> None:
    import jsonschema

    document = json.loads(ada.get("/openapi.json").text)
    schema = {"$ref": "#/components/schemas/ImportanceOut", "components": document["components"]}
    jsonschema.validate(asked(ada, search), schema)
    assert ada.get(f"/v1/searches/s_{'0' * 32}/importance").status_code == 404
