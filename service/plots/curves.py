"""Learning curves: bands over all trials, or every training of one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from service.plots.asked import Asked
from service.plots.hyperparameter import default_metrics
from service.plots.words import base_name
from service.trends.report import chosen_metrics
from service.trends.sampling import down_sampled
from service.trends.selection import directions_of
from storage.epochs import EpochBand, StoredEpoch
from tuners.pictures.figure import Axis, Band, Figure, Panel, Series

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_MOST_EPOCHS = 1000
_MOST_TRAININGS = 50
_PAGE = 500
_PARTS = (("", "training"), ("val_", "validation"))


def learning_curves_figure(asked: Asked) -> Figure:
    """A panel for each metric, with its training and its validation part."""
    search = asked.search
    logged = asked.repository.scored_columns(search.id).metrics
    directions = directions_of(search, logged)
    metrics = asked.metrics or default_metrics(search, logged, directions)
    bases = dict.fromkeys(base_name(name) for name in chosen_metrics(metrics, search=search, known=directions))
    if asked.trial is None:
        panels = [_bands(base, asked) for base in bases]
        return Figure(title=f"{search.name}: learning curves of all trials", panels=panels, columns=2)
    rows = _all_epochs(asked)
    return Figure(
        title=f"{search.name}: learning curves of trial {asked.trial.number}",
        panels=[_trainings(base, rows) for base in bases],
        columns=2,
    )


def _bands(base: str, asked: Asked) -> Panel:
    series: list[Series] = []
    bands: list[Band] = []
    for colour, (prefix, part) in enumerate(_PARTS):
        found = asked.repository.epoch_bands(asked.search.id, f"{prefix}{base}", quantiles=QUANTILES)
        found = tuple(down_sampled(found, most=_MOST_EPOCHS))
        if not found:
            continue
        epochs = [float(band.epoch) for band in found]
        for low, high, strength in ((0, 4, 0.12), (1, 3, 0.25)):
            bands.append(Band(x=epochs, low=_at(found, low), high=_at(found, high), colour=colour, strength=strength))
        series.append(Series(kind="line", x=epochs, y=_at(found, 2), label=f"{part}, median", colour=colour))
    note = "bands hold the middle half and the middle four fifths of the trials" if series else ""
    return Panel(
        title=base,
        x=Axis(label="epoch (from 0)", whole=True),
        y=Axis(label=base),
        series=series,
        bands=bands,
        note=note,
    )


def _at(bands: Sequence[EpochBand], quantile: int) -> list[float]:
    return [band.quantiles[quantile] for band in bands]


def _trainings(base: str, rows: Sequence[StoredEpoch]) -> Panel:
    """Every execution (or fold), training part solid and validation part dashed."""
    trainings: dict[int, list[StoredEpoch]] = defaultdict(list)
    for row in rows:
        trainings[row.execution].append(row)
    series = []
    for colour, (prefix, part) in enumerate(_PARTS):
        for number, execution in enumerate(sorted(trainings)[:_MOST_TRAININGS]):
            points = [
                (float(row.epoch), value)
                for row in down_sampled(trainings[execution], most=_MOST_EPOCHS)
                if (value := row.metrics.get(f"{prefix}{base}")) is not None and math.isfinite(value)
            ]
            if points:
                xs, ys = [x for x, _ in points], [y for _, y in points]
                label = part if number == 0 else ""
                series.append(Series(kind="line", x=xs, y=ys, label=label, colour=colour, dashed=prefix != ""))
    folds = any(row.fold is not None for row in rows)
    note = f"{len(trainings)} {'folds' if folds else 'trainings'}" if len(trainings) > 1 else ""
    return Panel(title=base, x=Axis(label="epoch (from 0)", whole=True), y=Axis(label=base), series=series, note=note)


def _all_epochs(asked: Asked) -> list[StoredEpoch]:
    assert asked.trial is not None
    rows: list[StoredEpoch] = []
    token: str | None = None
    while True:
        page = asked.repository.list_epochs(asked.trial.id, limit=_PAGE, page_token=token)
        rows += page.items
        token = page.next_page_token
        if token is None:
            return rows
