"""Final trainings and range tests as MLflow runs, held to the same promises as trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import headstock
import pytest
from headstock.mlflow import send_job, send_search

from service import examples
from storage.ids import SearchId
from storage.records import Reason, Trial
from storage.states import SearchState
from tests.clients.mlflow_scene import Broken, Followers, any_server, caught_up, definition, values_of
from tests.mlflow_server import KeptServer, Reader, serving
from tests.service.assembled import Service
from tests.service.scenes import end_job, start_trials, train

Document = dict[str, Any]


@dataclass(frozen=True)
class Jobs:
    """A search with two trials, a final training of the second one, and a range test."""

    search_id: SearchId
    trials: tuple[Trial, ...]
    final_id: str
    range_test_id: str

    @classmethod
    def asked(cls, service: Service) -> Jobs:
        ada = service.client(service.token())
        search_id = SearchId(ada.post("/v1/searches", json=definition() | {"tags": {"team": "vision"}}).json()["id"])
        start_trials(service.repository, search_id, [{"units": 32}, {"units": 64, "learning_rate": 0.001}])
        trials = train(service.repository, service.store, service.settings.data_dir, [[0.1], [0.2, 0.3]])
        service.repository.end_search(search_id, SearchState.COMPLETED, Reason("max_trials", "All have been run."))
        final = ada.post(f"/v1/searches/{search_id}/finalize", json={"epochs": 3, "seed": 5})
        wanted = {"definition": definition(), "values": {"units": 96}, "steps": len(RATES), "max_rate": 1.0}
        range_test = ada.post("/v1/lr-range-tests", json=wanted)
        return cls(search_id, trials, final.json()["id"], range_test.json()["id"])

    def end(self, service: Service, *, final: Document | None, range_test: Document | None) -> None:
        for job_id, report in ((self.final_id, final), (self.range_test_id, range_test)):
            end_job(service.repository, service.store, service.settings.data_dir, job_id, report)


# More points than one call takes.
RATES = [10 ** (-7 + step / 43) for step in range(300)]
RANGE_REPORT: Document = {
    "batch_size": 32,
    "diverged": False,
    "rates": RATES,
    "losses": [2.3 - step / 200 for step in range(300)],
    "smoothed": [2.3 - step / 300 for step in range(300)],
    "suggestion": examples.RANGE_TEST_DETAIL["suggestion"],
}


def assert_told(jobs: Jobs, address: str) -> None:
    """Each job has one run, with all that it found."""
    reader = Reader(address, "digits-mlp", jobs.search_id)
    runs = {run["run_name"]: run for run in reader.runs().values()}
    assert sorted(runs) == ["final-0001", "trial-0000", "trial-0001"]
    assert [runs[name]["tags"]["headstock.kind"] for name in sorted(runs)] == ["finalize", "trial", "trial"]
    final = runs["final-0001"]
    assert final["status"] == "FINISHED"
    assert final["params"] == {"units": "64", "learning_rate": "0.001", "final/epochs": "3", "final/seed": "5"}
    assert final["tags"]["headstock.search_id"] == jobs.search_id
    assert final["tags"]["headstock.job_id"] == jobs.final_id
    assert final["tags"]["headstock.source_trial_id"] == jobs.trials[1].id
    assert values_of(reader, final, "accuracy") == [(0, 0.5), (1, 0.5), (2, 0.5)]
    assert values_of(reader, final, "test/accuracy") == [(0, 0.9698)]
    assert values_of(reader, final, "test/loss") == [(0, 0.11)]
    assert values_of(reader, final, "trial/seconds") == [(0, 1.0)]
    # Measured on the rows trained on: beside those of trials it would seem the best.
    assert values_of(reader, final, "trial/score") == []

    reader = Reader(address, "digits-mlp", jobs.range_test_id)
    (run,) = reader.runs().values()
    assert (run["run_name"], run["status"]) == ("lr-range-test", "FINISHED")
    assert run["tags"]["headstock.kind"] == "lr_range_test"
    asked = {name: run["params"][f"range/{name}"] for name in ("min_rate", "max_rate", "steps", "batch_size")}
    assert asked == {"min_rate": "1e-07", "max_rate": "1.0", "steps": "300", "batch_size": "32"}
    assert run["params"]["units"] == "96"
    assert values_of(reader, run, "loss") == [(epoch, 0.5) for epoch in range(10)]
    for metric, name in (("learning_rate", "rates"), ("loss", "losses"), ("smoothed_loss", "smoothed")):
        assert values_of(reader, run, f"range/{metric}") == [*enumerate(RANGE_REPORT[name])]
    assert values_of(reader, run, "suggestion/max_rate") == [(0, 0.01)]


@any_server
def test_jobs_become_runs_too(service: Service, follower: Followers, mlflow_servers: str) -> None:
    following = caught_up(follower(mlflow_servers))
    jobs = Jobs.asked(service)
    caught_up(following)
    jobs.end(service, final=examples.FINAL_REPORT, range_test=RANGE_REPORT)
    caught_up(following)
    assert_told(jobs, mlflow_servers)


@any_server
def test_jobs_of_the_past_are_written_by_hand_and_only_once(
    service: Service, live: headstock.Client, mlflow_servers: str
) -> None:
    jobs = Jobs.asked(service)
    found = live.search(jobs.search_id)
    # One has not begun: it is none yet.
    assert send_search(found, mlflow_servers) == 2
    assert not send_job(live.range_test(jobs.range_test_id), mlflow_servers)
    jobs.end(service, final=examples.FINAL_REPORT, range_test=RANGE_REPORT)
    for _ in range(2):
        assert send_job(live.final(jobs.final_id), mlflow_servers)
        assert send_search(found, mlflow_servers) == 3
        # A job's id is a search's, too.
        assert send_search(live.search(jobs.range_test_id), mlflow_servers) == 1
        assert send_search(live.search(jobs.final_id), mlflow_servers) == 1
        assert_told(jobs, mlflow_servers)


def test_by_hand_the_same_is_written_as_by_the_role(
    service: Service, follower: Followers, live: headstock.Client, kept: tuple[KeptServer, str]
) -> None:
    by_role, address = kept
    following = caught_up(follower(address))
    jobs = Jobs.asked(service)
    jobs.end(service, final=examples.FINAL_REPORT, range_test=RANGE_REPORT)
    caught_up(following)
    by_hand = KeptServer()
    with serving(by_hand) as second:
        send_job(live.final(jobs.final_id), second)
        send_search(live.search(jobs.search_id), second)
        send_job(live.range_test(jobs.range_test_id), second)

    def held(server: KeptServer) -> Document:
        named = {key: (each["name"], each["tags"]) for key, each in server.experiments.items()}
        return {
            run.tags["headstock.trial_id"]: (
                named[run.info["experiment_id"]],
                {name: run.info[name] for name in ("run_name", "status", "start_time", "end_time")},
                (run.params, run.tags, run.metrics),
            )
            for run in server.runs.values()
        }

    assert held(by_hand) == held(by_role)
    assert len(by_role.runs) == 4


def test_a_job_outlives_its_search_and_may_fail(
    service: Service, follower: Followers, kept: tuple[KeptServer, str]
) -> None:
    _, address = kept
    following = caught_up(follower(address))
    jobs = Jobs.asked(service)
    assert service.client(service.token()).delete(f"/v1/searches/{jobs.search_id}").status_code == 204
    jobs.end(service, final=examples.FINAL_REPORT, range_test=None)
    caught_up(following)
    reader = Reader(address, "digits-mlp", jobs.search_id)
    (final,) = reader.runs().values()
    assert values_of(reader, final, "test/accuracy") == [(0, 0.9698)]
    (failed,) = Reader(address, "digits-mlp", jobs.range_test_id).runs().values()
    assert failed["status"] == "FAILED"
    assert failed["tags"]["headstock.failure_code"] == "training_error"


def test_a_report_that_is_lost_stops_nobody(
    service: Service, follower: Followers, kept: tuple[KeptServer, str]
) -> None:
    _, address = kept
    following = caught_up(follower(address))
    jobs = Jobs.asked(service)
    jobs.end(service, final=examples.FINAL_REPORT, range_test=RANGE_REPORT)
    (trial,) = service.repository.list_trials(SearchId(jobs.final_id), limit=1).items
    service.store.delete(f"trials/{trial.id}/report.json")
    caught_up(following)
    reader = Reader(address, "digits-mlp", jobs.search_id)
    final = reader.runs()[trial.id]
    assert final["status"] == "FINISHED"
    assert values_of(reader, final, "test/accuracy") == []
    assert len(Reader(address, "digits-mlp", jobs.range_test_id).runs()) == 1


# What breaks


@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_call_breaks_no_job_is_lost_and_none_told_twice(
    service: Service, follower: Followers, kept: tuple[KeptServer, str], when: str
) -> None:
    server, address = kept
    caught_up(follower(address))
    jobs = Jobs.asked(service)
    jobs.end(service, final=examples.FINAL_REPORT, range_test=RANGE_REPORT)
    # Two experiments; for each of four runs its creation, values, epochs, the state and the status; results in three.
    broken = Broken(server, when).catch_up(lambda: follower(address))
    assert broken == (25 if when == "after" else 24)
    assert_told(jobs, address)
    # MLflow's databases take the same point twice as one: that none was sent twice is seen in the calls.
    assert server.points == sum(len(run.metrics) for run in server.runs.values())
