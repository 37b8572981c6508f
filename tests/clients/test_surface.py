"""The client and the OpenAPI document: every operation has its method, nothing is sent that is not described.

The awaiting client's whole surface is used once on the real API over a socket; what it sent is compared with the
document. The waiting client is made from it, method by method.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, get_args

import h5py
import headstock
import httpx
import numpy as np
import pytest
from headstock import analysis, errors, models, plans, trends
from headstock.errors import HeadstockError
from pydantic import BaseModel

from service import examples
from service.limits import Limits
from service.problems import KINDS
from tests.clients.scene import definition, served, train
from tests.clients.tour_of_pictures import tour_of_pictures
from tests.databases import SqliteTemplate
from tests.service.assembled import Service, open_service
from tests.service.scenes import end_job

Document = dict[str, Any]

# The documented schema of an answer, and the model of ours that reads it.
COUNTERPARTS: dict[str, type[BaseModel]] = {
    "SearchDetailOut": models.SearchRecord,
    "SearchOut": models.SearchRecord,
    "SearchCountsOut": models.SearchCounts,
    "TrialCountsOut": models.TrialCounts,
    "BestScoreOut": models.BestScore,
    "ObjectiveOut": models.Objective,
    "ReasonOut": models.Reason,
    "WarningOut": models.Remark,
    "TemplateNameOut": models.TemplateName,
    "LoginCodeOut": models.LoginCode,
    "ColumnOut": models.Column,
    "InputOut": models.DatasetInput,
    "TargetOut": models.DatasetTarget,
    "RangeTestOut": models.RangeTestRecord,
    "DiagnosesOut": models.Page,
    "TrialOut": models.TrialRecord,
    "CodeOut": models.Recipe,
    "BestOut": models.BestRecord,
    "EpochOut": models.Epoch,
    "AttemptOut": models.Attempt,
    "LogOut": models.AttemptLog,
    "FailureOut": models.Failure,
    "DatasetOut": models.Dataset,
    "WeightsOut": models.Weights,
    "BuiltinOut": models.BuiltinDataset,
    "PreviewOut": models.DatasetPreview,
    "PreviewInputOut": models.PreviewInput,
    "PreviewTargetOut": models.PreviewTarget,
    "PreviewRowOut": models.PreviewRow,
    "CellOut": models.PreviewCell,
    "FeatureOut": models.Feature,
    "ClassCountOut": models.ClassCount,
    "WorkerOut": models.Worker,
    "SampleOut": models.MachineSample,
    "SlotSampleOut": models.SlotSample,
    "SlotOut": models.Slot,
    "FinalOut": models.FinalRecord,
    "SourceOut": models.FinalSource,
    "RangeTestDetailOut": models.RangeTestRecord,
    "SuggestionOut": models.RangeSuggestion,
    "PlanOut": plans.Plan,
    "BracketOut": plans.Bracket,
    "RungOut": plans.Rung,
    "ParametersOut": plans.Parameters,
    "SecondsOut": plans.Seconds,
    "ObjectiveTrendOut": trends.ObjectiveTrend,
    "ObjectivePointOut": trends.ObjectivePoint,
    "HyperparameterTrendOut": trends.HyperparameterTrend,
    "HyperparameterPointOut": trends.HyperparameterPoint,
    "ValueSummaryOut": trends.ValueSummary,
    "MetricOut": trends.Metric,
    "MetricTrendOut": trends.MetricTrend,
    "EpochTrendOut": trends.EpochTrend,
    "EpochBandOut": trends.EpochBand,
    "ImportanceOut": analysis.Importance,
    "EffectOut": analysis.Effect,
    "PairEffectOut": analysis.PairEffect,
    "TradeoffOut": analysis.Tradeoff,
    "TradeoffPointOut": analysis.TradeoffPoint,
    "ParallelOut": analysis.Parallel,
    "ParallelRowOut": analysis.ParallelRow,
    "AxisOut": analysis.Axis,
    "ContourOut": analysis.Contour,
    "ContourAxisOut": analysis.ContourAxis,
    "ContourPointOut": analysis.ContourPoint,
    "ComparisonOut": analysis.Comparison,
    "ComparedOut": analysis.Compared,
    "SpentOut": analysis.Spent,
    "BestSpentOut": analysis.BestSpent,
    "CurveStepOut": analysis.CurveStep,
    "DiagnosisOut": analysis.Diagnosis,
    "FindingOut": analysis.Finding,
}
# Answers that no model reads.
NO_MODEL = {
    "HealthOut": "only whether it came",
    "LimitsOut": "a dict: names and numbers",
    "TrendMethodOut": "how a trend is computed does not change: the docstrings tell",
    "VerdictsOut": "counts of one page; the iterator gives the diagnoses themselves",
}
# Keys that our models leave out.
LEFT_OUT = {"HyperparameterTrendOut": {"method"}, "MetricTrendOut": {"method"}, "DiagnosesOut": {"summary"}}
# One model for a thing in a list and by itself, where it tells more.
SHORT_FORMS = {"SearchOut": "SearchDetailOut", "RangeTestOut": "RangeTestDetailOut"}

# Operations that the client leaves to others.
NOT_FOR_PROGRAMS = {
    "GET /login": "the link of `dashboard_link()`, for a browser",
    "POST /v1/logout": "ends a browser's session",
    "GET /healthz": "for whoever supervises the process; `is_ready` asks for more",
    "GET /metrics": "for Prometheus",
    "GET /v1/final/{job_id}/report": "`job.report` has it from the job's own record",
    "GET /v1/weights/{weights_id}": "the list tells all there is of them",
}
# What can be sent, and this client never does.
NOT_SENT = {
    "GET /v1/workers limit": "there is one page",
}
# Methods that the tour leaves out.
NOT_TOURED = {
    "AsyncSearch.best_model": "needs a real model, and Keras to load it",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, by names: of parameters, headers and the body's fields."""

    method: str
    path: str
    names: frozenset[str]


@dataclass
class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on to the network and keeps what they were."""

    inner: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)
    sent: list[Sent] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        names = set(request.url.params)
        names |= {name for name in ("Idempotency-Key", "Last-Event-ID") if name in request.headers}
        if request.headers.get("Content-Type", "").startswith("multipart/"):
            names |= {name.decode() for name in re.findall(rb'form-data; name="(\w+)"', body)}
        elif body and (document := json.loads(body)):
            names |= set(document)
        self.sent.append(Sent(request.method, request.url.path, frozenset(name.lower() for name in names)))
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass
class Called:
    """Which of some functions were called, and with which parameters other than their defaults."""

    functions: Mapping[CodeType, tuple[str, inspect.Signature]]
    given: dict[str, set[str]] = field(default_factory=dict)

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        known = self.functions.get(frame.f_code) if event == "call" else None
        if known is None:
            return
        name, signature = known
        given = self.given.setdefault(name, set())
        for parameter in signature.parameters.values():
            value = frame.f_locals.get(parameter.name)
            if parameter.default is inspect.Parameter.empty or value != parameter.default:
                given.add(parameter.name)


def public_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for kind in (
        headstock.AsyncClient,
        headstock.AsyncSearch,
        headstock.AsyncTrial,
        headstock.AsyncFinalJob,
        headstock.AsyncRangeTest,
        headstock.AsyncFigure,
    ):
        for name, function in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                yield function.__qualname__, function


@contextmanager
def watched() -> Iterator[Called]:
    functions = {function.__code__: (name, inspect.signature(function)) for name, function in public_functions()}
    called = Called(functions)
    sys.setprofile(called)
    try:
        yield called
    finally:
        sys.setprofile(None)


@dataclass(frozen=True)
class Toured:
    """What a tour has sent, called and printed, and the document of the service it went to."""

    sent: list[Sent]
    called: Called
    printed: str
    document: Document

    def operations(self) -> dict[str, Document]:
        return {
            f"{method.upper()} {path}": operation
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
        }

    def operation_of(self, sent: Sent) -> str:
        """The operation that answers a request: of those that fit, the one with the fewest parameters in its path."""
        fitting = [
            name
            for name in self.operations()
            if name.split()[0] == sent.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", name.split()[1]), sent.path)
        ]
        assert fitting, f"the document does not know {sent.method} {sent.path}"
        return min(fitting, key=lambda name: name.count("{"))

    def takes(self, operation: Document) -> set[str]:
        """Names of the parameters, headers and fields that an operation takes."""
        names = {each["name"].lower() for each in operation.get("parameters", []) if each["in"] != "path"}
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            names |= {name.lower() for name in schema["properties"]}
        return names

    def answered(self) -> set[str]:
        """Names of the schemas that answers consist of."""
        schemas = self.document["components"]["schemas"]
        found: set[str] = set()
        pending = [
            content
            for operation in self.operations().values()
            for status, answer in operation["responses"].items()
            if status.startswith("2")
            for content in answer.get("content", {}).values()
        ]
        while pending:
            for name in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(pending.pop())):
                if name not in found and "properties" in schemas[name]:
                    found.add(name)
                    pending.append(schemas[name])
        return found


@pytest.fixture(scope="module")
def toured(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toured]:
    folder = tmp_path_factory.mktemp("tour")
    limits = Limits(idle_s=2.0, event_poll_s=0.02, keep_alive_s=0.2, send_timeout_s=2.0)
    recorder = Recorder()
    printed = io.StringIO()
    with open_service(folder, sqlite_template.copy(folder), limits) as service, served(service) as url:
        with watched() as called, redirect_stdout(printed):
            asyncio.run(tour(url, recorder, service, folder))
        yield Toured(recorder.sent, called, printed.getvalue(), service.app.openapi())


async def tour(url: str, recorder: Recorder, service: Service, folder: Path) -> None:
    """Everything there is, with everything that can be said."""
    async with headstock.AsyncClient(url, service.token(owner="ada"), transport=recorder) as client:
        search = await tour_of_searches(client, service)
        await tour_of_results(client, search, folder)
        await tour_of_pictures(client, search, service, folder)
        await tour_of_imports(client, search, folder)
        await tour_of_finals(client, search, service, folder)
        await tour_of_range_tests(client, service, folder)
        await tour_of_files(client, folder)
        await tour_of_tuning(client)
        await tour_of_service(client, folder)
        await search.delete()
        with pytest.raises(headstock.NotFound):
            await search.refresh()


async def tour_of_searches(client: headstock.AsyncClient, service: Service) -> headstock.AsyncSearch:
    plan = await client.plan(definition())
    assert plan.parameters.max == 1000
    search = await client.submit(definition(tags={"team": "vision"}), idempotency_key="tour")
    about: Any = {"tag": {"team": "vision"}, "text": search.name[1:].upper(), "dataset": search.record.dataset_id}
    found = client.searches(state="QUEUED", name=search.name, page_size=1, **about)
    assert [each.id async for each in found] == [search.id]
    counted = await client.count_searches(**about)
    assert (counted.states["QUEUED"], counted.total) == (1, 1)
    assert (await search.pause()).state == "PAUSED"
    assert (await search.resume()).state == "QUEUED"
    await search.change(limits={"max_trials": 9}, parallelism=2, priority=1, tags={"team": "text"})
    again = await client.search(search.id)
    assert (again.record.parallelism, again.record.tags) == (2, {"team": "text"})
    train(service, search, scores=[0.5, 0.75, None])
    failed = await search.trial(2)
    assert (await failed.retry()).state == "QUEUED"
    assert (await failed.stop()).state == "CANCELLED"
    assert (await search.cancel()).state == "CANCELLED"
    assert await search.wait(progress=True, timeout=5.0, poll_s=0.1) is search
    await search.live(wait=False)
    events = [event async for event in search.events()]
    assert (events[0].kind, events[-1].kind) == ("search.created", "search.cancelled")
    assert [event.seq async for event in search.events(after=events[0].seq)] == [event.seq for event in events[1:]]
    ended = [(trial.number, trial.state) async for trial in search.stream()]
    assert ended == [(0, "COMPLETED"), (1, "COMPLETED"), (2, "CANCELLED"), (2, "CANCELLED")]
    assert [trial.number async for trial in search.stream(after=events[-1].seq)] == []
    async with contextlib.aclosing(client.events(after=events[0].seq)) as all_events:
        assert (await anext(all_events)).seq == events[1].seq
    return search


async def tour_of_results(client: headstock.AsyncClient, search: headstock.AsyncSearch, folder: Path) -> None:
    best, second = await search.best(2)
    assert (best.score, second.score) == (0.75, 0.5)
    assert await search.best_hyperparameters() == best.hyperparameters
    await search.results_summary(count=1)
    page = await search.trial_page(page_token=None)
    assert search.handle(page.items[0]).number == 0
    with pytest.raises(headstock.InvalidPageToken):
        await search.trial_page(page_token="none")
    assert [trial.number async for trial in search.trials(state="CANCELLED")] == [2]
    scored = search.trials(state="COMPLETED", order="score", descending=True)
    assert [trial.score async for trial in scored] == [0.75, 0.5]
    assert [epoch.epoch async for epoch in search.epochs(metrics=["loss"], max_points=1)] == [1, 1, 1]
    assert len(await search.trials_frame()) == 3
    assert len(await search.epochs_frame()) == 6
    rate, units = "learning_rate", next(name for name in best.hyperparameters if name.startswith("units"))
    assert units in await search.hyperparameter_names()
    with pytest.raises(headstock.NotFound, match=f"hyperparameters of this search are .*{units}"):
        await search.trend("nothing")
    growth = await search.objective_trend(points=2)
    assert growth.trials == 2
    trend = await search.trend(
        units, metrics=["val_accuracy"], at="last", min_value=1, max_value=999, baseline="all", sort="score", points=2
    )
    assert [point.score for point in trend.points] == [0.75, 0.5]
    assert (await search.importance(method="ped_anova", metric="val_accuracy", at="last")).hyperparameters == []
    assert len((await search.tradeoff(against="parameters", points=9)).points) == 2
    assert len((await search.parallel(metric="val_accuracy", at="last", points=9)).rows) == 2
    surface = await search.contour(units, rate, metric="val_accuracy", at="last", points=9)
    assert len(surface.points) == 2
    assert [each.verdict async for each in search.diagnoses(state="COMPLETED")] == ["unknown", "unknown"]
    bands = await search.epoch_trend(metric="loss")
    assert [band.epoch for band in bands.bands] == [0, 1]
    with pytest.raises(headstock.Invalid):
        # Too much for one picture: each kind refuses what means nothing to it.
        await search.plot(
            "objective", folder / "o.svg", name=units, metrics=["loss"], at="best", chart="bar", min_value=1,
            max_value=2, baseline="only", trial=best, against="seconds", x=units, y=rate, method="fanova", theme="dark",
        )  # fmt: skip
    rows = await search.export(folder / "epochs", table="epochs", format="jsonl")
    assert (await search.export_tensorboard(folder / "runs")).is_dir()
    assert len(rows.read_text().splitlines()) == 6
    trial = await client.trial(best.id)
    assert (await trial.refresh()).score == 0.75
    assert [epoch.epoch async for epoch in trial.epochs(metrics=["loss"], max_points=1)] == [1]
    assert (await trial.recipe()).code == best.code
    assert (await trial.diagnosis()).verdict == "unknown"
    assert [attempt.number for attempt in await trial.attempts()] == [1]
    assert [each.log for each in await trial.logs()] == ["trained"]
    with pytest.raises(headstock.ModelNotReady):
        await trial.download_model(folder, name="best")


async def tour_of_imports(client: headstock.AsyncClient, search: headstock.AsyncSearch, folder: Path) -> None:
    table = folder / "last-year.csv"
    table.write_text("run,step,units,val_accuracy\na,0,32,0.25\na,1,32,0.5\nb,0,64,0.75\n", encoding="utf-8")
    imported = await client.import_results(
        table, name="last-year", objective="val_accuracy", direction="max", hyperparameters=["units"],
        metrics="val_accuracy", trial="run", epoch="step", study="", idempotency_key="import",
    )  # fmt: skip
    assert (imported.state, imported.counts.completed) == ("COMPLETED", 2)
    (best,) = await imported.best()
    assert (best.score, best.definition, best.code) == (0.75, None, None)
    table.write_text("nothing but words\n", encoding="utf-8")
    with pytest.raises(headstock.InvalidImport):
        await client.import_results(table)
    compared = await client.compare(search, imported.id, target=0.5)
    assert [each.id for each in compared.searches] == [search.id, imported.id]


async def tour_of_finals(
    client: headstock.AsyncClient, search: headstock.AsyncSearch, service: Service, folder: Path
) -> None:
    (best,) = await search.best()
    job = await search.finalize(trial=best, epochs=2, seed=3, idempotency_key="final")
    end_job(service.repository, service.store, folder, job.id, examples.FINAL_REPORT)
    assert await job.wait(timeout=5.0, poll_s=0.1) is job
    assert job.report == examples.FINAL_REPORT
    assert (await search.final()).id == (await client.final(job.id)).id == job.id
    assert await job.card() == "# digits\n"
    assert (await job.download_model(folder)).name == "model.keras"
    assert (await job.download_bundle(folder / "final.zip")).stat().st_size > 0
    other = await search.finalize(trial=best.id, epochs=3)
    assert [each.id async for each in client.finals()] == [other.id, job.id]
    assert (await other.cancel()).state == "CANCELLED"
    await other.delete()
    with pytest.raises(headstock.NotFound):
        await other.refresh()


async def tour_of_range_tests(client: headstock.AsyncClient, service: Service, folder: Path) -> None:
    test = await client.lr_range_test(
        definition(), values={"learning_rate": 0.001}, min_rate=1e-6, max_rate=1.0, steps=20, smoothing=0.5,
        divergence=3.0, idempotency_key="range",
    )  # fmt: skip
    assert [each.id async for each in client.range_tests()] == [test.id]
    assert (await client.range_test(test.id)).record.steps == 20
    assert (await test.refresh()).state == "QUEUED"
    assert (await test.cancel()).state == "CANCELLED"
    assert (await test.wait(timeout=5.0, poll_s=0.1)).ended
    await test.delete()


async def tour_of_files(client: headstock.AsyncClient, folder: Path) -> None:
    table = folder / "wine.csv"
    table.write_text("a,label\n1,0\n2,1\n", encoding="utf-8")
    stored = await client.upload_dataset(
        table, name="wine", target=["label"], text="a", ignore="b", part="p", group="g", time="t", weight="w",
        image_size=(8, 8), color="rgb", scale="standard", task="classification",
    )  # fmt: skip
    assert stored.id in [each.id async for each in client.datasets()]
    assert (await client.dataset(stored.id)).name == "wine"
    assert "digits" in [each.name for each in await client.builtin_datasets()]
    with contextlib.suppress(HeadstockError):  # there are no rows behind it here
        await client.preview_dataset("wine", rows=1, part="test", sample="random", seed=7)
    await client.delete_dataset("wine")
    file = folder / "tiny.weights.h5"
    with h5py.File(file, "w") as content:
        content["layers/dense/vars/0"] = np.ones((2, 2), dtype="float32")
    weights = await client.upload_weights(file, name="tiny")
    assert [each.id async for each in client.weights()] == [weights.id]
    await client.delete_weights("tiny")
    assert [each.id async for each in client.weights()] == []


async def tour_of_tuning(client: headstock.AsyncClient) -> None:
    x, y = np.ones((4, 2)), np.array([0, 1, 0, 1])
    with pytest.raises(headstock.InvalidDefinition):
        await client.tune(
            "nobodys", x, y, tuner="RandomSearch", objective="val_accuracy", max_epochs=3, max_trials=2,
            validation_data=(x, y), validation_split=None, epochs=2, batch_size=8, executions_per_trial=2,
            parallelism=2, callbacks=[{"callback": "TerminateOnNaN"}], arguments={"width": 8}, seed=3, name="tuned",
            hyperparameters=[{"name": "units", "type": "int", "min_value": 1, "max_value": 2}], wait=False,
        )  # fmt: skip
    (kept,) = [each async for each in client.datasets() if each.name.startswith("arrays-")]
    await client.delete_dataset(kept)


async def tour_of_service(client: headstock.AsyncClient, folder: Path) -> None:
    assert "mlp" in await client.templates()
    assert (await client.template("mlp"))["model"]["type"] == "sequential"
    assert "Dense" in (await client.catalog())["layers"]
    assert "box-1" in [worker.name for worker in await client.workers(ended=True, samples=2)]
    assert (await client.dashboard_link()).startswith(client.url)
    assert await client.is_ready()
    assert "/v1/searches" in json.loads((await client.openapi(folder / "openapi.json")).read_text())["paths"]


def test_nothing_is_sent_that_is_not_described(toured: Toured) -> None:
    for sent in toured.sent:
        if sent.path == "/openapi.json":
            continue
        name = toured.operation_of(sent)
        assert sent.names <= toured.takes(toured.operations()[name]), name


def test_every_operation_has_its_method(toured: Toured) -> None:
    used = {toured.operation_of(sent) for sent in toured.sent if sent.path != "/openapi.json"}
    assert toured.operations().keys() - used == NOT_FOR_PROGRAMS.keys()


def test_everything_that_an_operation_takes_can_be_said(toured: Toured) -> None:
    said: dict[str, set[str]] = {}
    for sent in toured.sent:
        if sent.path != "/openapi.json":
            said.setdefault(toured.operation_of(sent), set()).update(sent.names)
    unsaid = set()
    for name, names in said.items():
        if name in ("POST /v1/searches", "POST /v1/searches/plan"):
            continue  # The definition is the caller's own document.
        # All lists go through their pages with the same code.
        paged = {"limit", "page_token"} if "page_token" in toured.takes(toured.operations()[name]) else set()
        unsaid |= {f"{name} {each}" for each in toured.takes(toured.operations()[name]) - names - paged}
    assert unsaid == NOT_SENT.keys()


def test_tour_has_called_every_method_with_every_parameter(toured: Toured) -> None:
    for name, function in public_functions():
        if name in NOT_TOURED:
            continue
        parameters = set(inspect.signature(function).parameters)
        assert parameters - toured.called.given.get(name, set()) == set(), name


def test_progress_of_an_awaited_search_is_shown(toured: Toured) -> None:
    assert "trial 1 completed" in toured.printed
    assert "CANCELLED after" in toured.printed


def test_every_code_of_the_document_has_its_class(toured: Toured) -> None:
    described = {
        code
        for operation in toured.operations().values()
        for answer in operation["responses"].values()
        for codes in re.findall(r"Codes: ([^.]*)\.", answer.get("description", ""))
        for code in re.findall(r"`(\w+)`", codes)
    }
    assert "invalid_definition" in described
    assert described <= errors.BY_CODE.keys()
    assert errors.BY_CODE.keys() == {kind.code for kind in KINDS}


def test_every_answer_has_a_model(toured: Toured) -> None:
    found = toured.answered()
    assert {name for name in found if not name.startswith("Page_")} == COUNTERPARTS.keys() | NO_MODEL.keys()


def test_models_have_the_fields_of_the_document(toured: Toured) -> None:
    schemas = toured.document["components"]["schemas"]
    for name, model in COUNTERPARTS.items():
        documented, ours = set(schemas[name]["properties"]), set(model.model_fields)
        assert documented - ours == LEFT_OUT.get(name, set()), name
        assert ours <= documented | set(schemas[SHORT_FORMS.get(name, name)]["properties"]), name


def test_models_read_nothing_where_there_may_be_nothing(toured: Toured) -> None:
    """What may be null in an answer may be None in the model; and what the model needs is always told."""
    schemas = toured.document["components"]["schemas"]
    for name, model in COUNTERPARTS.items():
        told = schemas[name].get("required", [])
        for key, schema in schemas[name]["properties"].items():
            ours = model.model_fields.get(key)
            if ours is None:
                continue
            nullable = any(each.get("type") == "null" for each in schema.get("anyOf", ()))
            assert not nullable or type(None) in get_args(ours.annotation), f"{name}.{key}"
            assert key in told or not ours.is_required(), f"{name}.{key}"


def test_states_are_the_services(toured: Toured) -> None:
    schemas = toured.document["components"]["schemas"]
    assert set(get_args(models.SearchState)) == set(schemas["SearchState"]["enum"])
    assert set(get_args(models.TrialState)) == set(schemas["TrialState"]["enum"])
