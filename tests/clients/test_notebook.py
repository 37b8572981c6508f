"""What notebooks show: HTML that is well formed and escapes names, pictures, and live views."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import headstock
import httpx
import pytest
from headstock.analysis import Comparison, Diagnosis, Importance, Tradeoff
from headstock.models import (
    BuiltinDataset,
    Dataset,
    DatasetPreview,
    FinalRecord,
    Model,
    RangeTestRecord,
    SearchRecord,
    TrialRecord,
    Worker,
)
from headstock.notebook.markup import Html, table, tag
from headstock.notebook.summary import Running, Summary, summary_html
from headstock.notebook.views import html_of
from headstock.plans import Plan
from headstock.trends import EpochTrend, HyperparameterTrend, ObjectiveTrend
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

from service import examples
from tests.clients.moved_search import MovedSearch
from tests.clients.service_double import Script, client_of, epoch, ok, page, problem, search, trial
from tests.service.assembled import Service
from tests.waiting import wait_until

SEARCH = "/v1/searches/s_1"
HOSTILE = "<script>alert('x')</script>&\"'\x00]]>"


def read(html: str) -> ElementTree.Element:
    """The tree of a piece of HTML; fails when a tag is not closed or a sign is not escaped."""
    tree = ElementTree.fromstring(html)
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert not names & {"script", "style", "iframe", "object"}
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    return tree


def text_of(html: str) -> str:
    return "".join(read(html).itertext())


def test_texts_and_attributes_are_escaped_and_markup_is_not_twice() -> None:
    assert tag("b", "<&>", title='"') == '<b title="&quot;">&lt;&amp;&gt;</b>'
    assert tag("p", tag("b", "x"), None, 3) == "<p><b>x</b>3</p>"
    assert tag("br") == "<br/>"
    assert isinstance(tag("p"), Html)
    assert text_of(table((">a<",), [[HOSTILE]])).startswith("a<<script>")


RESULTS: list[tuple[type[Model], dict[str, Any], str]] = [
    (SearchRecord, examples.SEARCH_DETAIL, "digits-mlp"),
    (TrialRecord, examples.TRIAL, "learning_rate"),
    (ObjectiveTrend, examples.OBJECTIVE_TREND, "val_accuracy"),
    (HyperparameterTrend, examples.HYPERPARAMETER_TREND, "no clear shape yet"),
    (EpochTrend, examples.EPOCH_TREND, "quantiles"),
    (Importance, examples.IMPORTANCE, "71.0%"),
    (Tradeoff, examples.TRADEOFF, "beaten by no other"),
    (Comparison, examples.COMPARISON, "random"),
    (Diagnosis, examples.DIAGNOSIS, "stop earlier"),
    (Dataset, examples.DATASET, "rows"),
    (DatasetPreview, examples.PREVIEW, "rows"),
    (BuiltinDataset, examples.BUILTIN, "digits"),
    (Worker, examples.WORKER, "desk-1"),
    (FinalRecord, examples.FINAL, "final training of trial 4"),
    (RangeTestRecord, examples.RANGE_TEST_DETAIL, "search learning rates from"),
    (Plan, examples.PLAN, "points in the space"),
]


@pytest.mark.parametrize(("model", "document", "part"), RESULTS, ids=[model.__name__ for model, _, _ in RESULTS])
def test_every_result_shows_itself(model: type[Model], document: dict[str, Any], part: str) -> None:
    result = model.model_validate(document)
    assert part in text_of(html_of(result))
    assert result._repr_html_() == html_of(result)


def spoilt(document: Any) -> Any:
    """The document with every name and message made hostile."""
    if isinstance(document, dict):
        free = ("name", "message", "statement", "note", "hyperparameters", "values", "metric", "verdict")
        return {
            key: HOSTILE if key in free and isinstance(value, str) else spoilt(value) for key, value in document.items()
        }
    return [spoilt(item) for item in document] if isinstance(document, list) else document


@pytest.mark.parametrize(("model", "document", "part"), RESULTS, ids=[model.__name__ for model, _, _ in RESULTS])
def test_hostile_names_stay_text(model: type[Model], document: dict[str, Any], part: str) -> None:
    read(html_of(model.model_validate(spoilt(document))))


def test_hostile_hyperparameters_stay_text() -> None:
    record = TrialRecord.model_validate(trial(0, hyperparameters={HOSTILE: HOSTILE}, metrics={HOSTILE: None}))
    failed = record.model_copy(update={"state": "FAILED"})
    read(html_of(record))
    hostile = SearchRecord.model_validate(search(name=HOSTILE, state_reason={"code": "x", "message": HOSTILE}))
    running = Running(record, 3, {HOSTILE: 0.5})
    shown = summary_html(Summary(hostile, [(0, 1.0)], [(0, 1.0)], [record, failed], [running], HOSTILE))
    assert "<script>alert" in text_of(shown)


@pytest.fixture
def script() -> Script:
    trend: Any = examples.OBJECTIVE_TREND
    points = [
        {**trend["points"][0], "number": number, "score": score, "best": best}
        for number, (score, best) in enumerate([(0.5, 0.5), (0.4, 0.5), (0.9, 0.9)])
    ]
    script = Script().on("GET", SEARCH, ok(search()))
    script.on("GET", f"{SEARCH}/trends/objective", ok({**trend, "points": points}))
    script.on("GET", f"{SEARCH}/trials", page([trial(2, state="RUNNING", score=None, ended_at=None, target_epochs=9)]))
    script.on("GET", "/v1/trials/t_2/epochs", page([epoch(3, trial_id="t_2", val_accuracy=0.625)]))
    return script.on(
        "GET", f"{SEARCH}/best", page([trial(1, definition={}, code=""), trial(0, definition={}, code="")])
    )


def test_search_shows_state_progress_best_trials_and_history(script: Script) -> None:
    shown = client_of(script).search("s_1")._repr_html_()
    parts = ("digits-mlp", "RUNNING", "2 of 4 trials", "1 running", "59 s left", "best 0.9750", "learning_rate")
    for part in (*parts, "trial 2", "4 of 9", "val_accuracy 0.6250"):
        assert part in text_of(shown)
    svg = next(element for element in read(shown).iter() if element.tag.endswith("svg"))
    assert svg.attrib["aria-label"] == "val_accuracy of 3 trials, best 0.9"
    assert sum(element.tag.endswith("circle") for element in svg.iter()) == 3
    assert script.to("GET", f"{SEARCH}/trends/objective")[0].url.params["points"] == "400"


def test_search_whose_service_is_away_shows_what_was_last_read(script: Script) -> None:
    found = client_of(script, retries=headstock.Retries(attempts=1)).search("s_1")
    script.on("GET", SEARCH, httpx.ConnectError("refused"))
    assert "as of the last read: nothing answers" in text_of(found._repr_html_())


def test_lists_of_trials_are_tables_and_long_ones_are_cut(script: Script) -> None:
    best = client_of(script).search("s_1").best(2)
    assert isinstance(best, list)
    rows = list(read(headstock.Table(best)._repr_html_()).iter("tr"))
    assert len(rows) == 3
    assert read(best._repr_html_()).find(".//th") is not None
    many = headstock.Table(best[:1] * 150)
    assert "50 more are not shown" in text_of(many._repr_html_())


def test_figures_are_drawn_by_the_service_once(script: Script, tmp_path: Path) -> None:
    path = f"{SEARCH}/plots/importance"
    script.on("GET", path, httpx.Response(200, content=b"<svg/>"), httpx.Response(200, content=b"\x89PNG"))
    figure = client_of(script).search("s_1").plot_importance(method="ped_anova", theme="dark")
    assert figure.svg() == "<svg/>" == figure._repr_svg_()
    assert figure._repr_png_() is None
    assert dict(script.to("GET", path)[0].url.params) == {"method": "ped_anova", "format": "svg", "theme": "dark"}
    assert figure.save(tmp_path / "a" / "x.svg").read_text() == "<svg/>"
    assert len(script.to("GET", path)) == 1
    assert figure.save(tmp_path / "x.png").read_bytes() == b"\x89PNG" == figure.png()
    assert len(script.to("GET", path)) == 2
    with pytest.raises(headstock.HeadstockError, match=r"\.gif"):
        figure.save(tmp_path / "x.gif")


def test_each_picture_has_its_method(script: Script) -> None:
    script.on("GET", "/v1/trials/t_0", ok(trial(0)))
    client = client_of(script)
    found = client.search("s_1")
    calls: list[tuple[str, Any, dict[str, str]]] = [
        ("objective", found.plot_objective, {}),
        ("hyperparameter", lambda: found.plot_hyperparameter("units", metrics=["loss"]), {"name": "units"}),
        ("learning-curves", lambda: found.plot_curves(metric="loss"), {"metric": "loss"}),
        ("learning-curves", client.trial("t_0").plot_curves, {"trial": "t_0"}),
        ("importance", found.plot_importance, {}),
        ("parallel-coordinates", found.plot_parallel, {}),
        ("contour", lambda: found.plot_contour("units", "rate"), {"x": "units", "y": "rate"}),
        ("trade-off", lambda: found.plot_tradeoff("parameters"), {"against": "parameters"}),
        ("confusion-matrix", found.plot_confusion_matrix, {}),
    ]
    for kind, call, query in calls:
        path = f"{SEARCH}/plots/{kind}"
        script.on("GET", path, httpx.Response(200, content=b"<svg/>"))
        assert call().svg() == "<svg/>"
        assert dict(script.to("GET", path)[-1].url.params).items() >= query.items()


def test_picture_that_is_refused_raises_at_once(script: Script) -> None:
    script.on("GET", f"{SEARCH}/plots/confusion-matrix", problem(409, "report_not_ready"))
    with pytest.raises(headstock.ReportNotReady):
        client_of(script).search("s_1").plot_confusion_matrix()


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """IPython as a notebook's kernel has it: what is displayed is captured, nothing is printed on a terminal."""
    made = InteractiveShell.instance()
    yield made
    history: Any = made.history_manager
    history.end_session()
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, code: str) -> list[RichOutput]:
    """What a cell displays."""
    with capture_output() as captured:
        result = shell.run_cell(code)  # type: ignore[no-untyped-call]
    result.raise_error()
    outputs: list[RichOutput] = captured.outputs
    return outputs


def html_in(outputs: list[RichOutput]) -> list[str]:
    return [output.data["text/html"] for output in outputs if "text/html" in output.data]


def test_live_view_is_replaced_until_the_search_ends(
    live: headstock.Client, service: Service, shell: InteractiveShell
) -> None:
    moved = MovedSearch(service)
    moved.trained(0.5, 0.6)
    moved.queue()
    claim = moved.claim()
    shell.user_ns["search"] = live.search(moved.id)

    def go_on() -> None:
        seen = len(service.repository.events_after(0))
        wait_until(lambda: service.app.state.context.hub.count > 0)
        moved.train(claim, 0.7, 0.8)
        moved.complete(claim)
        moved.end()
        assert len(service.repository.events_after(0)) > seen

    worker = threading.Thread(target=go_on)
    worker.start()
    outputs = run(shell, "search.live()")
    worker.join()
    shown = html_in(outputs)
    assert "RUNNING" in text_of(shown[0])
    assert "COMPLETED" in text_of(shown[-1])
    assert "best 0.8000" in text_of(shown[-1])
    assert len({output.transient["display_id"] for output in outputs}) == 1
    assert [output.update for output in outputs] == [False] + [True] * (len(outputs) - 1)


def test_waiting_with_progress_shows_html_in_a_notebook(
    live: headstock.Client, service: Service, shell: InteractiveShell
) -> None:
    moved = MovedSearch(service)
    moved.trained(0.5, 0.6)
    moved.end()
    shell.user_ns["search"] = live.search(moved.id)
    shown = html_in(
        run(shell, "found = search.wait(progress=True)\nfrom IPython.display import display\ndisplay(search)")
    )
    assert [("COMPLETED" in text_of(html)) for html in shown] == [True, True]


AWAITED = """
import headstock
client = headstock.AsyncClient({url!r}, {token!r})
search = await client.search({id!r})
await search.live(wait={wait})
await search.wait()
await client.aclose()
"""


@pytest.mark.parametrize("wait", [True, False])
def test_awaiting_client_shows_its_searches_below_the_cell_too(
    live: headstock.Client, service: Service, shell: InteractiveShell, wait: bool
) -> None:
    moved = MovedSearch(service)
    moved.trained(0.5, 0.6)
    moved.end()
    code = AWAITED.format(url=live.url, token=service.token(owner="ada"), id=moved.id, wait=wait)
    (shown,) = html_in(run(shell, code))
    assert "COMPLETED" in text_of(shown)
    assert "best 0.6000" in text_of(shown)


def test_view_that_is_broken_off_says_so_and_what_goes_on(script: Script, shell: InteractiveShell) -> None:
    script.on("GET", SEARCH, ok(search()))
    shell.user_ns["search"] = client_of(script).search("s_1")
    script.on("GET", SEARCH, ok(search()), problem(401, "unauthenticated"))
    shown = html_in(run(shell, "try:\n    search.wait(progress=True)\nexcept Exception:\n    pass"))
    assert "no longer followed: it is so" in text_of(shown[-1])


def test_view_says_that_it_waits_for_the_service(script: Script, shell: InteractiveShell) -> None:
    away = httpx.ConnectError("refused")
    shell.user_ns["search"] = client_of(script).search("s_1")
    script.on("GET", SEARCH, ok(search()), *[away] * 5, ok(search(state="COMPLETED")))
    shown = html_in(run(shell, "found = search.wait(progress=True)"))
    assert ["waiting for the service" in text_of(html) for html in shown] == [False, True, False]


def test_images_of_a_preview_are_images() -> None:
    shown = read(html_of(DatasetPreview.model_validate(examples.PREVIEW)))
    assert all(image.attrib["src"].startswith("data:image/png;base64,") for image in shown.iter("img"))


def test_job_that_failed_says_why() -> None:
    failure = {"code": "out_of_memory", "message": HOSTILE}
    failed = {**examples.FINAL, "state": "FAILED", "report": None, "failure": failure}
    assert "out_of_memory: <script>" in text_of(html_of(FinalRecord.model_validate(failed)))


def test_running_job_says_how_far_it_is() -> None:
    running = {**examples.RANGE_TEST, "state": "RUNNING", "progress": 0.5, "remaining_seconds": 61.0}
    assert "1 min 01 s left" in text_of(html_of(RangeTestRecord.model_validate(running)))


NOTEBOOK = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


def test_example_notebook_is_small_and_has_no_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    assert NOTEBOOK.stat().st_size < 20_000
