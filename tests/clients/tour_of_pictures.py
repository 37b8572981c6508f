"""The part of the tour of the awaiting client that draws: every picture, with everything that can be said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import headstock
import pytest

from service import examples
from tests.clients.scene import definition
from tests.service.assembled import Service
from tests.service.scenes import end_job

DARK: Any = {"format": "png", "theme": "dark"}
RANGE_TEST_REPORT = {
    key: examples.RANGE_TEST_DETAIL[key]
    for key in ("batch_size", "diverged", "rates", "losses", "smoothed", "suggestion")
}


async def tour_of_pictures(
    client: headstock.AsyncClient, search: headstock.AsyncSearch, service: Service, folder: Path
) -> None:
    await of_search(search, folder)
    (best,) = await search.best()
    await drawn(best.plot_curves(metric="val_accuracy", **DARK))
    await of_final(search, service, folder)
    await of_range_test(client, service, folder)


async def of_search(search: headstock.AsyncSearch, folder: Path) -> None:
    (best,) = await search.best()
    units, rate = next(name for name in best.hyperparameters if name.startswith("units")), "learning_rate"
    figure = await search.plot_objective()
    assert (await figure.svg()).startswith("<?xml")
    assert (await figure.png()).startswith(b"\x89PNG")
    assert (await figure.save(folder / "o.svg")).read_text().startswith("<?xml")
    await drawn(search.plot_objective(**DARK))
    await drawn(
        search.plot_hyperparameter(
            units, metrics=["loss"], at="last", chart="bar", min_value=1, max_value=999, baseline="all", **DARK
        )
    )
    await drawn(search.plot_curves(metric="loss", **DARK))
    await drawn(search.plot_importance(method="ped_anova", metric="val_accuracy", at="last", **DARK))
    await drawn(search.plot_parallel(metric="val_accuracy", at="last", **DARK))
    await drawn(search.plot_contour(units, rate, metric="val_accuracy", at="last", **DARK))
    await drawn(search.plot_tradeoff("parameters", **DARK))
    await refused(search.plot_confusion_matrix)


async def of_final(search: headstock.AsyncSearch, service: Service, folder: Path) -> None:
    job = await search.finalize(epochs=4)
    await refused(job.plot_confusion_matrix)
    end_job(service.repository, service.store, folder, job.id, examples.FINAL_REPORT)
    await job.wait(timeout=5.0, poll_s=0.1)
    await drawn(job.plot_confusion_matrix(**DARK))
    await drawn(job.plot_curves(metric="loss", **DARK))
    await drawn(search.plot_confusion_matrix(**DARK))
    await job.delete()


async def of_range_test(client: headstock.AsyncClient, service: Service, folder: Path) -> None:
    test = await client.lr_range_test(definition())
    await refused(test.plot_losses)
    end_job(service.repository, service.store, folder, test.id, RANGE_TEST_REPORT)
    await drawn(test.plot_losses(**DARK))
    await test.delete()


async def drawn(figure: Awaitable[headstock.AsyncFigure]) -> None:
    shown = (await figure)._repr_png_()
    assert shown is not None
    assert shown.startswith(b"\x89PNG")


async def refused(plot: Callable[..., Awaitable[headstock.AsyncFigure]]) -> None:
    with pytest.raises(headstock.ReportNotReady):
        await plot()
