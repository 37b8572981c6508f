"""Final trainings and range tests over HTTP: made, told once, found again, and what they leave."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.schemas.base import Problem
from storage.ids import SearchId, TrialId
from tests.service.assembled import Service
from tests.service.problem_shape import assert_problem
from tests.service.scenes import end_job, start_trials, train

Document = dict[str, Any]


@pytest.fixture
def ada(service: Service) -> TestClient:
    return service.client(service.token())


def searched(service: Service, client: TestClient, definition: Document, *scores: float) -> tuple[str, list[str]]:
    """A search with a trial for each score, scored at its second of three epochs; without scores one that waits."""
    search_id = client.post("/v1/searches", json=definition).json()["id"]
    points = [{"units": 32 * (1 + number), "learning_rate": 0.001} for number in range(len(scores) or 1)]
    trials = start_trials(service.repository, SearchId(search_id), points)
    train(service.repository, service.store, service.settings.data_dir, [(0.0, score, 0.1) for score in scores])
    return search_id, [trial.id for trial in trials]


def refused(answer: Any, status: int, code: str) -> Problem:
    problem = assert_problem(answer)
    assert (problem.status, problem.code) == (status, code)
    return problem


def run_job(service: Service, job_id: str, report: Document, *, fail: bool = False) -> None:
    end_job(service.repository, service.store, service.settings.data_dir, job_id, None if fail else report)
    assert service.repository.check_invariants() == ()


class TestFinalize:
    def test_the_best_trial_is_retrained_as_long_as_it_got_better(
        self, service: Service, ada: TestClient, definition: Document
    ) -> None:
        search_id, trials = searched(service, ada, definition, 0.5, 0.9, 0.7)
        answer = ada.post(f"/v1/searches/{search_id}/finalize", json={})
        assert answer.status_code == 201
        job = answer.json()
        assert answer.headers["Location"] == f"/v1/final/{job['id']}"
        assert (job["source"]["trial_id"], job["source"]["score"]) == (trials[1], 0.9)
        source = service.repository.get_trial(TrialId(trials[1]))
        assert source.best_epoch is not None
        assert job["epochs"] == source.best_epoch + 1
        assert job["hyperparameters"] == dict(source.values)
        stored = service.repository.get_search(SearchId(job["id"]))
        assert (stored.kind, stored.tuner, stored.executions_per_trial) == ("finalize", "fixed", 1)
        assert (stored.objective.name, stored.objective.direction) == ("accuracy", "max")
        assert (stored.seed, stored.limits.max_trials) == (definition["seed"], 1)

    def test_jobs_show_in_no_list_of_searches(self, service: Service, ada: TestClient, definition: Document) -> None:
        search_id, _ = searched(service, ada, definition, 0.5)
        job = ada.post(f"/v1/searches/{search_id}/finalize", json={}).json()
        assert [item["id"] for item in ada.get("/v1/searches").json()["items"]] == [search_id]
        assert [item["id"] for item in ada.get("/v1/final").json()["items"]] == [job["id"]]
        assert ada.get(f"/v1/searches/{search_id}/final").json()["id"] == job["id"]
        assert ada.get(f"/v1/searches/{job['id']}").json()["tuner"] == "fixed"

    def test_the_same_request_is_the_same_job_while_that_may_still_succeed(
        self, service: Service, ada: TestClient, definition: Document
    ) -> None:
        search_id, trials = searched(service, ada, definition, 0.5, 0.9)

        def post(key: str | None = None, **body: object) -> Any:
            headers = {"Idempotency-Key": key} if key else {}
            return ada.post(f"/v1/searches/{search_id}/finalize", json=body, headers=headers).json()["id"]

        first = post()
        assert post() == post(key="a") == post(trial_id=trials[1]) == post(seed=definition["seed"]) == first
        others = {post(epochs=7), post(seed=8), post(trial_id=trials[0])}
        assert len(others | {first}) == 4
        ada.post(f"/v1/searches/{first}/cancel")
        second = post()
        assert second != first
        assert post() == second
        run_job(service, second, {}, fail=True)
        third = post(key="b")
        assert third not in (first, second)
        assert post(key="b") == third

    def test_a_key_belongs_to_one_request(self, service: Service, ada: TestClient, definition: Document) -> None:
        search_id, _ = searched(service, ada, definition, 0.5)
        address = f"/v1/searches/{search_id}/finalize"
        key = {"Idempotency-Key": "k"}
        assert ada.post(address, json={"epochs": 3}, headers=key).status_code == 201
        refused(ada.post(address, json={"epochs": 4}, headers=key), 422, "idempotency_key_reused")
        # Nor is a search's key a job's.
        refused(ada.post("/v1/searches", json=definition, headers=key), 422, "idempotency_key_reused")

    def test_results_are_there_once_it_has_ended_well(
        self, service: Service, ada: TestClient, definition: Document
    ) -> None:
        search_id, _ = searched(service, ada, definition, 0.5)
        job_id = ada.post(f"/v1/searches/{search_id}/finalize", json={"epochs": 2}).json()["id"]
        for name in ("report", "model", "bundle", "card"):
            refused(ada.get(f"/v1/final/{job_id}/{name}"), 409, "report_not_ready")
        run_job(service, job_id, {"test": {"rows": 3}})
        job = ada.get(f"/v1/final/{job_id}").json()
        assert (job["state"], job["progress"], job["report"]) == ("COMPLETED", 1.0, {"test": {"rows": 3}})
        assert ada.get("/v1/final").json()["items"][0]["report"] is None
        assert ada.get(job["links"]["report"]).json() == {"test": {"rows": 3}}
        card = ada.get(job["links"]["card"])
        assert (card.text, card.headers["Content-Type"]) == ("# digits\n", "text/markdown; charset=utf-8")
        model = ada.get(job["links"]["model"])
        assert (model.content, model.headers["Content-Disposition"]) == (
            b"weights",
            f'attachment; filename="final-{job_id}.keras"',
        )
        with zipfile.ZipFile(io.BytesIO(ada.get(job["links"]["bundle"]).content)) as bundle:
            assert bundle.namelist() == ["model-card.md"]
        assert ada.get(job["links"]["epochs"]).json()["items"][0]["epoch"] == 0
        assert service.repository.check_invariants() == ()

    def test_a_failed_one_says_why(self, service: Service, ada: TestClient, definition: Document) -> None:
        search_id, _ = searched(service, ada, definition, 0.5)
        job_id = ada.post(f"/v1/searches/{search_id}/finalize", json={}).json()["id"]
        run_job(service, job_id, {}, fail=True)
        job = ada.get(f"/v1/final/{job_id}").json()
        assert (job["state"], job["failure"]["code"], job["report"]) == ("FAILED", "training_error", None)
        problem = refused(ada.get(f"/v1/final/{job_id}/model"), 409, "report_not_ready")
        assert "FAILED" in problem.detail

    def test_it_outlives_its_search(self, service: Service, ada: TestClient, definition: Document) -> None:
        search_id, trials = searched(service, ada, definition, 0.5)
        job_id = ada.post(f"/v1/searches/{search_id}/finalize", json={"epochs": 1}).json()["id"]
        run_job(service, job_id, {"a": 1})
        ada.post(f"/v1/searches/{search_id}/cancel")
        assert ada.delete(f"/v1/searches/{search_id}").status_code == 204
        job = ada.get(f"/v1/final/{job_id}").json()
        assert (job["source"]["trial_id"], job["report"]) == (trials[0], {"a": 1})
        assert [item["id"] for item in ada.get("/v1/final").json()["items"]] == [job_id]
        assert service.repository.check_invariants() == ()
        # And goes by itself, with its files.
        assert ada.delete(f"/v1/searches/{job_id}").status_code == 204
        refused(ada.get(f"/v1/final/{job_id}"), 404, "not_found")
        assert not [key for key in set(service.store.keys()) if key.startswith("trials/")]

    def test_there_must_be_something_to_retrain(self, service: Service, ada: TestClient, definition: Document) -> None:
        search_id, trials = searched(service, ada, definition)
        address = f"/v1/searches/{search_id}/finalize"
        refused(ada.get(f"/v1/searches/{search_id}/final"), 404, "not_found")
        refused(ada.post(address, json={}), 409, "no_scored_trial")
        refused(ada.post(address, json={"trial_id": trials[0]}), 409, "no_scored_trial")
        ada.post(f"/v1/searches/{search_id}/cancel")
        other, strange = searched(service, ada, definition | {"name": "other"}, 0.5)
        refused(ada.post(address, json={"trial_id": strange[0]}), 404, "not_found")
        job_id = ada.post(f"/v1/searches/{other}/finalize", json={}).json()["id"]
        refused(ada.post(f"/v1/searches/{job_id}/finalize", json={}), 409, "wrong_state")

    def test_others_jobs_do_not_exist(self, service: Service, ada: TestClient, definition: Document) -> None:
        search_id, trials = searched(service, ada, definition, 0.5)
        job_id = ada.post(f"/v1/searches/{search_id}/finalize", json={}).json()["id"]
        bob = service.client(service.token(owner="bob"))
        assert bob.get("/v1/final").json()["items"] == []
        refused(bob.get(f"/v1/final/{job_id}"), 404, "not_found")
        refused(bob.post(f"/v1/searches/{search_id}/finalize", json={}), 404, "not_found")
        own, _ = searched(service, bob, definition, 0.5)
        body = {"trial_id": trials[0]}
        refused(bob.post(f"/v1/searches/{own}/finalize", json=body), 404, "not_found")
        # An id of another kind of job is none of this kind.
        refused(ada.get(f"/v1/lr-range-tests/{job_id}"), 404, "not_found")
        refused(ada.get(f"/v1/final/{search_id}"), 404, "not_found")


class TestRangeTests:
    def submit(self, client: TestClient, definition: Document, **changes: object) -> Any:
        return client.post("/v1/lr-range-tests", json={"definition": definition, **changes})

    def test_a_definition_is_tested_at_its_defaults(
        self, service: Service, ada: TestClient, definition: Document
    ) -> None:
        answer = self.submit(ada, definition)
        job = answer.json()
        assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/lr-range-tests/{job['id']}")
        space = service.repository.get_search(SearchId(job["id"])).space
        defaults = {each["name"]: each["default"] for each in space["hyperparameters"]}  # type: ignore[attr-defined]
        assert job["hyperparameters"] == defaults
        assert (job["min_rate"], job["max_rate"], job["steps"]) == (1e-7, 10.0, 100)
        stored = service.repository.get_search(SearchId(job["id"]))
        assert (stored.kind, stored.objective.name, stored.planned_epochs) == ("lr_range_test", "loss", 10)
        assert stored.source_trial_id is None
        assert ada.get("/v1/searches").json()["items"] == []

    def test_values_may_be_given(self, ada: TestClient, definition: Document) -> None:
        job = self.submit(ada, definition, values={"units": 64}, steps=10).json()
        assert job["hyperparameters"]["units"] == 64

    def test_a_repeated_request_is_one_test(self, ada: TestClient, definition: Document) -> None:
        del definition["seed"]
        key = {"Idempotency-Key": "k"}
        body = {"definition": definition}
        first, second = (ada.post("/v1/lr-range-tests", json=body, headers=key).json()["id"] for _ in range(2))
        assert first == second
        changed = ada.post("/v1/lr-range-tests", json=body | {"steps": 50}, headers=key)
        refused(changed, 422, "idempotency_key_reused")

    def test_points_and_suggestion_come_from_the_report(
        self, service: Service, ada: TestClient, definition: Document
    ) -> None:
        job_id = self.submit(ada, definition).json()["id"]
        empty = ada.get(f"/v1/lr-range-tests/{job_id}").json()
        assert (empty["state"], empty["rates"], empty["suggestion"]) == ("QUEUED", [], None)
        suggestion = {"min_rate": 1e-3, "max_rate": 1e-2, "steepest": 1e-3, "minimum": 0.1, "method": {"steepest": "x"}}
        report = {
            "format": 1,
            "batch_size": 32,
            "diverged": False,
            "rates": [1e-3, 1e-2],
            "losses": [2.0, 1.0],
            "smoothed": [2.0, 1.5],
            "suggestion": suggestion,
        }
        run_job(service, job_id, report)
        found = ada.get(f"/v1/lr-range-tests/{job_id}").json()
        assert {key: found[key] for key in report if key != "format"} == {
            key: value for key, value in report.items() if key != "format"
        }
        (listed,) = ada.get("/v1/lr-range-tests").json()["items"]
        assert listed["id"] == job_id
        assert "rates" not in listed
        assert service.repository.check_invariants() == ()

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"values": {"unit": 3}}, "/values/unit", "unknown_hyperparameter"),
            ({"values": {"units": 33.5}}, "/values/units", "out_of_range"),
            ({"values": {"units": [1, 2]}}, "/values/units", "out_of_range"),
            ({"values": {"a/b": None}}, "/values/a~1b", "unknown_hyperparameter"),
            ({"min_rate": 1.0, "max_rate": 1.0}, "/max_rate", "out_of_range"),
            ({"min_rate": 0}, "/min_rate", "out_of_range"),
            ({"steps": 9}, "/steps", "out_of_range"),
            ({"smoothing": 1.0}, "/smoothing", "out_of_range"),
            ({"divergence": 1.0}, "/divergence", "out_of_range"),
            ({"speed": 1}, "/speed", "unknown_field"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, ada: TestClient, definition: Document, changes: Document, pointer: str, code: str
    ) -> None:
        problem = refused(self.submit(ada, definition, **changes), 422, "invalid_request")
        assert [(error.pointer, error.code) for error in problem.errors] == [(pointer, code)]

    def test_faults_of_the_definition_lie_below_it(self, ada: TestClient, definition: Document) -> None:
        definition["fit"]["epochs"] = 0
        problem = refused(self.submit(ada, definition), 422, "invalid_definition")
        assert problem.errors[0].pointer == "/definition/fit/epochs"
