"""Builders over HTTP: which may be named, and code where the operator has turned it on."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from storage.ids import SearchId
from tests.service.assembled import Service

REGISTERED = pytest.mark.parametrize(
    "service", [{"builders": {"convnet": "tests.tuners.builder_examples:build_model"}}], indirect=True
)
ALLOWED = pytest.mark.parametrize("service", [{"code": True}], indirect=True)
CODE = "import keras\n\n\ndef build(hp):\n\treturn keras.Sequential()\n"


def built(definition: dict[str, Any], **model: Any) -> dict[str, Any]:
    """The good definition, with models by a builder."""
    kept = {key: value for key, value in definition.items() if key not in ("compile", "hyperparameters", "constraints")}
    return kept | {
        "model": {"type": "builder", **model},
        "fit": {"validation_split": 0.2},
        "objective": {"name": "val_accuracy"},
        "tuner": {"type": "random"},
    }


@REGISTERED
def test_a_registered_builder_is_searched_over_what_it_asks_for(
    service: Service, ada: TestClient, definition: dict[str, Any]
) -> None:
    document = built(definition, builder="convnet")
    plan = ada.post("/v1/searches/plan", json=document)
    assert plan.status_code == 200, plan.text
    assert plan.json()["parameters"] == {"min": 100, "max": 1000, "default": 200}
    answer = ada.post("/v1/searches", json=document)
    assert answer.status_code == 201, answer.text
    stored = answer.json()["definition"]
    assert [each["name"] for each in stored["hyperparameters"]] == ["units"]
    assert stored["model"]["found"]["target"] == "tests.tuners.builder_examples:build_model"
    # As long as the builder's own `fit` says.
    assert stored["fit"]["epochs"] == 3
    search = service.repository.get_search(SearchId(answer.json()["id"]))
    space: Any = search.space
    assert [each["name"] for each in space["hyperparameters"]] == ["units"]


@REGISTERED
def test_what_a_client_says_was_found_is_replaced(ada: TestClient, definition: dict[str, Any]) -> None:
    document = built(definition, builder="convnet", found={"target": "os:system", "metrics": {"anything": None}})
    document["objective"] = {"name": "anything", "direction": "max"}
    refused = ada.post("/v1/searches", json=document)
    assert refused.status_code == 422
    assert [error["code"] for error in refused.json()["errors"]] == ["unknown_metric"]
    document["objective"] = {"name": "loss"}
    document["model"]["found"]["metrics"] = {"loss": "min"}
    stored = ada.post("/v1/searches", json=document).json()["definition"]
    assert stored["model"]["found"]["target"] == "tests.tuners.builder_examples:build_model"


@REGISTERED
def test_a_builder_nobody_registered_is_unknown(service: Service, ada: TestClient, definition: dict[str, Any]) -> None:
    refused = ada.post("/v1/searches", json=built(definition, builder="convnets"))
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/model/builder", "unknown_builder")
    assert "`convnet`" in error["detail"]
    assert service.planner.asked == 0


@REGISTERED
def test_the_catalog_lists_builders_with_their_first_line(ada: TestClient) -> None:
    catalog = ada.get("/v1/catalog").json()
    assert catalog["builders"] == {"convnet": {"help": "A convolutional or dense net for small images."}}
    assert catalog["code"] is False


@pytest.mark.parametrize("path", ["/v1/searches", "/v1/searches/plan"])
def test_code_is_refused_unless_the_operator_allows_it(
    service: Service, ada: TestClient, definition: dict[str, Any], path: str
) -> None:
    before = service.stored()
    refused = ada.post(path, json=built(definition, code=CODE, entry="build"))
    assert (refused.status_code, refused.json()["code"]) == (403, "code_upload_disabled")
    assert "HEADSTOCK_CODE" in refused.json()["detail"]
    assert service.stored() == before
    assert service.planner.asked == 0


@ALLOWED
def test_code_is_kept_with_the_definition_where_it_is_allowed(
    service: Service, ada: TestClient, definition: dict[str, Any]
) -> None:
    assert ada.get("/v1/catalog").json()["code"] is True
    answer = ada.post("/v1/searches", json=built(definition, code=CODE, entry="build"))
    assert answer.status_code == 201, answer.text
    model = answer.json()["definition"]["model"]
    assert (model["code"], model["entry"], model["found"]["target"]) == (CODE, "build", None)


@ALLOWED
def test_only_the_model_may_hold_lines(ada: TestClient, definition: dict[str, Any]) -> None:
    document = built(definition, code=CODE, entry="build")
    document["name"] = "a\nb"
    refused = ada.post("/v1/searches", json=document)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/name"]
    document = built(definition, code="#" * (256 * 1024 + 1), entry="build")
    refused = ada.post("/v1/searches", json=document)
    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/model/code", "too_long")]


@ALLOWED
def test_a_reader_may_not_send_code(service: Service, definition: dict[str, Any]) -> None:
    reader = service.client(service.token("read"))
    refused = reader.post("/v1/searches", json=built(definition, code=CODE, entry="build"))
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
