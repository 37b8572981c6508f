"""Data sets, templates, catalog, workers, health and the pages."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from storage.ids import SearchId
from storage.workers import MachineSample, Slot, SlotSample
from tests.service.assembled import Service
from tests.service.scenes import start_trials
from tuners.datasets.builtin_names import builtin_names
from tuners.definitions import parse_definition

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rest.md"


def test_a_data_set_is_uploaded_listed_read_and_deleted(service: Service, ada: TestClient) -> None:
    content = b"a,b\r\n" + b"1,2\r\n" * 5000
    answer = ada.post(
        "/v1/datasets", files={"file": ("../../a.csv", content)}, data={"name": "mine", "target": "b", "scale": "none"}
    )
    assert answer.status_code == 201
    dataset = answer.json()
    assert service.datasets.uploads == [content]
    assert list((service.settings.data_dir / "uploads").iterdir()) == []
    assert ada.get("/v1/datasets").json()["items"] == [dataset]
    assert ada.get(answer.headers["location"]).json() == dataset
    assert ada.delete(f"/v1/datasets/{dataset['id']}").status_code == 204
    assert ada.delete(f"/v1/datasets/{dataset['id']}").status_code == 404
    assert not list(service.store.keys())


def test_a_taken_name_is_refused_and_leaves_no_files(service: Service, ada: TestClient) -> None:
    def upload(client: TestClient) -> Any:
        return client.post("/v1/datasets", files={"file": ("a.npz", b"x")}, data={"name": "mine"})

    assert upload(ada).status_code == 201
    before = service.stored()
    refused = upload(ada)
    assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")
    assert service.stored() == before
    assert upload(service.client(service.token(owner="bob"))).status_code == 201


def test_a_built_in_set_is_everybodys(service: Service, ada: TestClient, definition: dict[str, Any]) -> None:
    ada.post("/v1/searches/plan", json=definition)
    bob = service.client(service.token(owner="bob"))
    (dataset,) = bob.get("/v1/datasets").json()["items"]
    assert dataset["builtin"] is True
    assert bob.get(f"/v1/datasets/{dataset['id']}").status_code == 200
    assert bob.delete(f"/v1/datasets/{dataset['id']}").status_code == 404
    listed = bob.get("/v1/datasets/builtin").json()["items"]
    assert [item["name"] for item in listed] == list(builtin_names())


def test_templates_are_definitions(ada: TestClient) -> None:
    names = [item["name"] for item in ada.get("/v1/templates").json()["items"]]
    assert {"mlp", "convnet"} <= set(names)
    for name in names:
        document = ada.get(f"/v1/templates/{name}").json()
        assert parse_definition(document).name
        planned = ada.post("/v1/searches/plan", json=document)
        if document["dataset"]["name"].startswith("my-"):
            # Only their data set is missing, which everybody calls as they like.
            assert [fault["code"] for fault in planned.json()["errors"]] == ["unknown_dataset"]
        else:
            assert planned.status_code == 200


def test_the_catalog_names_arguments_and_ranges(ada: TestClient) -> None:
    catalog = ada.get("/v1/catalog").json()
    units = catalog["layers"]["Dense"]["arguments"]["units"]
    assert (units["kinds"], units["required"], units["minimum"]) == (["int"], True, 1)
    assert catalog["layers"]["Concatenate"]["inputs"] == [2, 64]
    assert catalog["layers"]["Bidirectional"]["arguments"]["of"]["kinds"] == ["layer"]
    assert catalog["layers"]["Conv2D"]["arguments"]["kernel_size"]["max_items"] == 2
    assert (catalog["metrics"]["AUC"]["logged_as"], catalog["metrics"]["AUC"]["direction"]) == ("auc", "max")
    assert catalog["regularizers"]["L2"]["arguments"]["l2"]["maximum"] == 1000
    assert {"random", "grid", "hyperband", "bayesian"} <= set(catalog["tuners"])
    assert "Lambda" not in catalog["layers"]


def test_the_catalog_is_sent_compressed_and_once(ada: TestClient) -> None:
    with ada.stream("GET", "/v1/catalog", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert len(b"".join(answer.iter_raw())) < 100_000
    assert answer.headers["cache-control"] == "private, no-cache"
    again = ada.get("/v1/catalog", headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_catalog_names_estimators_and_what_they_learn(ada: TestClient) -> None:
    catalog = ada.get("/v1/catalog").json()
    svc = catalog["estimators"]["SVC"]
    assert (svc["tasks"], svc["sample_weight"], svc["arguments"]["C"]["default"]) == (["classification"], True, 1.0)
    assert "n_components" in catalog["steps"]["PCA"]["arguments"]
    assert catalog["estimator_metrics"]["log_loss"]["direction"] == "min"
    assert "FunctionTransformer" not in catalog["steps"]


def test_workers_show_what_is_ones_own(service: Service, ada: TestClient, definition: dict[str, Any]) -> None:
    bob = service.client(service.token(owner="bob"))
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    (trial,) = start_trials(service.repository, search_id, [{"units": 32, "learning_rate": 0.001}])
    worker = service.repository.register_worker(
        name="desk-1", host="desk", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    service.repository.claim_trials(worker.id, count=1, lease_s=60.0)
    service.repository.beat_worker(worker.id, [Slot(0, "cpu:0", trial.id)])
    (hers,), (his,) = (client.get("/v1/workers").json()["items"] for client in (ada, bob))
    unknown = dict.fromkeys(
        ("utilisation", "memory_used_bytes", "memory_total_bytes", "temperature_celsius", "trainer_bytes")
    )
    assert hers["slots"] == [{"number": 0, "device": "cpu:0", "busy": True, "trial_id": trial.id, **unknown}]
    assert his["slots"] == [{"number": 0, "device": "cpu:0", "busy": True, "trial_id": None, **unknown}]
    assert (hers["cpu"], hers["sampled_at"], hers["samples"]) == (None, None, [])
    assert ada.get(f"/v1/searches/{search_id}").json()["workers_busy"] == 1
    service.repository.retire_worker(worker.id)
    assert ada.get("/v1/workers").json()["items"] == []
    assert len(ada.get("/v1/workers?ended=true").json()["items"]) == 1
    newer = service.repository.register_worker(name="b", host="b", pid=2, backend="jax", slots=[], versions={})
    assert [one["id"] for one in ada.get("/v1/workers?ended=true&limit=1").json()["items"]] == [newer.id]


def test_workers_show_how_busy_their_machines_are(service: Service, ada: TestClient) -> None:
    slots = [Slot(0, "gpu:0", None), Slot(1, "gpu:1", None)]
    worker = service.repository.register_worker(name="a", host="h", pid=1, backend="jax", slots=slots, versions={})
    now = service.clock.now()
    samples = [
        MachineSample(now + timedelta(seconds=n), n / 10, n * 10, 100, (SlotSample(0, n / 5, n, 8, 50.0 + n, 7),))
        for n in range(4)
    ]
    service.repository.beat_worker(worker.id, slots, samples=samples)
    (shown,) = ada.get("/v1/workers?samples=2").json()["items"]
    assert (shown["cpu"], shown["memory_used_bytes"], shown["memory_total_bytes"]) == (0.3, 30, 100)
    first, second = shown["slots"]
    assert (first["utilisation"], first["memory_used_bytes"], first["memory_total_bytes"]) == (0.6, 3, 8)
    assert (first["temperature_celsius"], first["trainer_bytes"], second["utilisation"]) == (53.0, 7, None)
    assert [sample["cpu"] for sample in shown["samples"]] == [0.2, 0.3]
    assert shown["samples"][1]["recorded_at"] == shown["sampled_at"]
    assert shown["samples"][0]["slots"] == [{"number": 0, "utilisation": 0.4, "memory_used_bytes": 2}]
    assert ada.get("/v1/workers").json()["items"][0]["samples"] == []
    place = f'host="h",worker_id="{worker.id}"'
    figures = ada.get("/metrics").text
    assert f"headstock_machine_cpu_ratio{{{place}}} 0.3" in figures
    assert (
        f'headstock_device_utilisation_ratio{{device="gpu:0",host="h",slot="0",worker_id="{worker.id}"}} 0.6' in figures
    )
    assert 'slot="1"' not in figures
    service.repository.retire_worker(worker.id)
    assert f"headstock_machine_cpu_ratio{{{place}}}" not in ada.get("/metrics").text


def test_figures_count_requests_and_searches(ada: TestClient, definition: dict[str, Any]) -> None:
    ada.post("/v1/searches", json=definition)
    text = ada.get("/metrics").text
    assert 'headstock_searches_open{state="QUEUED"} 1.0' in text
    assert 'headstock_http_requests_total{method="POST",route="/v1/searches",status="201"} 1.0' in text


def test_the_page_of_routes_lists_exactly_these(service: Service) -> None:
    listed = set(re.findall(r"^\| `([A-Z]+ /[^`?]*)[^`]*` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    routes = {
        f"{method} {route.path.removeprefix('/v1')}"
        for route in service.app.routes
        if isinstance(route, APIRoute) and route.path != "/docs/style.css"
        for method in route.methods or ()
    }
    assert listed == routes


def test_the_page_states_the_limits_in_force() -> None:
    from service.limits import Limits

    text = PAGE.read_text(encoding="utf-8")
    limits = Limits()
    for figure in (
        f"{limits.body_bytes // 2**20} MiB",
        f"{limits.depth} deep",
        f"{limits.nodes:,} values",
        f"{limits.text_characters:,} characters",
        f"{limits.bad_tokens_per_minute} a minute",
        f"{limits.streams_per_token} for each token",
        f"{limits.session_s / 3600:.0f} hours",
        f"{limits.login_code_s / 60:.0f} minutes",
    ):
        assert figure in text, figure
