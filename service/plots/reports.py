"""Pictures of what the other jobs report: a range test of learning rates, a retrained model on the test part."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import ReportNotReady
from service.plots.asked import Asked
from storage.errors import ArtifactDamaged
from storage.records import Search, SearchFilter, SearchKind
from tuners.pictures.figure import MAX_CLASSES, MAX_PANELS, Axis, Figure, Matrix, Panel, Series, Span

_WORDS: dict[SearchKind, str] = {"finalize": "final training", "lr_range_test": "range test"}
_MOST_RATES = 5000
R = TypeVar("R", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Suggestion(_Part):
    min_rate: float
    max_rate: float
    steepest: float | None = None


class RatesReport(_Part):
    """Loss after each step of an exponentially rising rate; None where it was not finite."""

    rates: list[float]
    losses: list[float | None]
    smoothed: list[float | None]
    suggestion: Suggestion | None = None


class ClassOutput(_Part):
    """What the test part said of one output of a classifier: rows are true classes, columns predicted ones."""

    name: str | None = None
    class_names: Annotated[list[str], Field(min_length=1)]
    confusion_matrix: list[list[int]]


class TestedOutputs(_Part):
    outputs: list[Any]


class FinalReport(_Part):
    """A final training's; without a test part nothing was tested."""

    test: TestedOutputs | None = None


def lr_range_test_figure(asked: Asked) -> Figure:
    """The loss against the learning rate, smoothed, with the suggested range."""
    report = _report(_job(asked, "lr_range_test"), RatesReport, asked)
    found = report.suggestion
    spans = []
    if found is not None:
        spans = [Span(low=found.min_rate, high=found.max_rate, label="suggested range")]
        if found.steepest is not None:
            spans.append(Span(low=found.steepest * 0.985, high=found.steepest * 1.015, label="steepest", colour=5))
    panel = Panel(
        x=Axis(label="learning rate", log=True),
        # The blow-up at the end is many times larger than the descent that the picture is looked at for.
        y=Axis(label="loss", log=True),
        series=[
            _curve(report.rates, report.losses, kind="points", label="loss of a batch", colour=4),
            _curve(report.rates, report.smoothed, kind="line", label="smoothed", colour=0),
        ],
        spans=spans,
        note="" if found is None else f"suggested: {found.min_rate:.2g} to {found.max_rate:.2g}",
    )
    return Figure(title=f"{asked.search.name}: learning rate range test", panels=[panel])


def _curve(rates: list[float], losses: list[float | None], *, kind: Any, label: str, colour: int) -> Series:
    points = [(rate, loss) for rate, loss in zip(rates, losses, strict=False) if loss is not None][:_MOST_RATES]
    return Series(kind=kind, x=[rate for rate, _ in points], y=[loss for _, loss in points], label=label, colour=colour)


def confusion_matrix_figure(asked: Asked) -> Figure:
    """How often each class of the test part was taken for which: a panel for each output that tells classes apart."""
    report = _report(_job(asked, "finalize"), FinalReport, asked)
    if report.test is None:
        raise ReportNotReady("the model was not tested: the data set has no test part")
    outputs = [found for output in report.test.outputs if (found := _class_output(output)) is not None]
    if not outputs:
        raise ReportNotReady("the report has no confusion matrix: the task is no classification")
    title = f"{asked.search.name}: confusion matrix of the test part"
    return Figure(title=title, panels=[_matrix_panel(output) for output in outputs[:MAX_PANELS]])


def _class_output(document: Any) -> ClassOutput | None:
    try:
        return ClassOutput.model_validate(document)
    except ValidationError:
        return None


def _matrix_panel(output: ClassOutput) -> Panel:
    if len(output.class_names) > MAX_CLASSES:
        raise ReportNotReady(f"a confusion matrix is drawn for at most {MAX_CLASSES} classes")
    counts = output.confusion_matrix
    right = sum(row[place] for place, row in enumerate(counts))
    total = sum(sum(row) for row in counts)
    said = f"{right} of {total} right" if total else ""
    return Panel(
        title=": ".join(part for part in (output.name, said) if part),
        x=Axis(label="predicted"),
        y=Axis(label="true"),
        matrix=Matrix(rows=output.class_names, columns=output.class_names, counts=counts),
    )


def _job(asked: Asked, kind: SearchKind) -> Search:
    """The job itself, or the newest of its kind that retrained a trial of the search."""
    if asked.search.kind == kind:
        return asked.search
    if kind == "finalize" and asked.search.kind == "search":
        where = SearchFilter(owner=asked.search.owner, kind=kind, source_search_id=asked.search.id)
        found = asked.repository.list_searches(where, limit=1).items
        if found:
            return found[0]
    raise ReportNotReady(f"there is no {_WORDS.get(kind, kind)} of this search to draw")


def _report(job: Search, model: type[R], asked: Asked) -> R:
    trials = asked.repository.list_trials(job.id, limit=1).items
    reports = [
        artifact
        for trial in trials
        for artifact in asked.repository.trial_artifacts(trial.id)
        if artifact.kind == "report"
    ]
    if not reports:
        raise ReportNotReady("the job has no report yet")
    newest = max(reports, key=lambda artifact: artifact.created_at)
    try:
        return model.model_validate_json(asked.store.local_path(newest.key, sha256=newest.sha256).read_bytes())
    except ValidationError as error:
        raise ArtifactDamaged("The report cannot be read.") from error
