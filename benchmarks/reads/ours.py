"""The reads of the API that are measured, with parameters that change from one repeat to the next."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from benchmarks.reads.made import HYPERPARAMETERS, METRICS
from benchmarks.reads.measure import Connection, Read

LIST_MS = 50.0
TREND_MS = 150.0
COSTS = ("seconds", "parameters", "loss", "val_loss")
AXES = 6
"""Pairs of hyperparameters asked for: the grid of each is worked out once."""


def reads(search_id: str, other: str, connection: Connection, *, trials: int) -> list[Read]:
    """Lists and single resources, then trends. Page tokens are walked through before anything is timed.

    Args:
        other: A search to compare with.
    """
    here = f"/v1/searches/{search_id}"
    pages = _pages(f"{here}/trials?limit=100", connection)
    large = _pages(f"{here}/trials?limit=500", connection)
    diagnoses = _pages(f"{here}/diagnosis?limit=100", connection, most=10)
    numbered = [each["id"] for each in json.loads(connection.get(pages[-1])[1])["items"]]
    compared = f"/v1/searches/compare?id={search_id}&id={other}"
    axes = [(x, y) for x in HYPERPARAMETERS for y in HYPERPARAMETERS if x != y]

    def hyperparameter(number: int) -> str:
        query: dict[str, object] = {
            "metric": METRICS[number % len(METRICS)],
            "at": ("best", "last")[number // 2 % 2],
            "sort": ("number", "value", "score")[number % 3],
        }
        name = HYPERPARAMETERS[number % len(HYPERPARAMETERS)]
        if number % 5 == 0 and name.startswith("units"):
            query["min"] = 32 * (1 + number % 11)
        return f"{here}/trends/hyperparameters/{name}?{urlencode(query)}"

    return [
        Read("searches", lambda n: f"/v1/searches?limit={20 + n % 31}", LIST_MS),
        Read("one search", lambda _: here, LIST_MS),
        Read("trials, pages of 100", lambda n: pages[n * 37 % len(pages)], LIST_MS),
        Read("trials, pages of 500", lambda n: large[n * 7 % len(large)], LIST_MS),
        Read("best, 1 to 10", lambda n: f"{here}/best?count={1 + n % 10}", LIST_MS),
        Read("objective", lambda n: f"{here}/trends/objective?points={1500 + n % 500}", TREND_MS),
        Read("objective, all points", lambda _: f"{here}/trends/objective?points={max(trials, 2)}"),
        Read("hyperparameter", hyperparameter, TREND_MS),
        Read("epoch bands, objective", lambda _: f"{here}/trends/epochs", TREND_MS),
        Read(
            "epoch bands, any metric",
            lambda n: f"{here}/trends/epochs?metric={METRICS[n % len(METRICS)]}",
            TREND_MS,
            firsts=len(METRICS),
        ),
        Read("importance, fANOVA", lambda _: f"{here}/importance", TREND_MS),
        Read("importance, PED-ANOVA", lambda _: f"{here}/importance?method=ped_anova", TREND_MS),
        Read("trade-off", lambda n: f"{here}/tradeoff?against={COSTS[n % len(COSTS)]}", TREND_MS),
        Read("parallel coordinates", lambda n: f"{here}/parallel?metric={METRICS[n % len(METRICS)]}", TREND_MS),
        Read(
            "contour",
            lambda n: f"{here}/contour?x={axes[n % AXES][0]}&y={axes[n % AXES][1]}",
            TREND_MS,
            firsts=AXES,
        ),
        Read("compare two", lambda n: f"{compared}&target={0.5 + n % 40 / 100}", TREND_MS),
        Read("diagnosis of a trial", lambda n: f"/v1/trials/{numbered[n % len(numbered)]}/diagnosis", TREND_MS),
        Read("diagnosis, pages of 100", lambda n: diagnoses[n % len(diagnoses)], TREND_MS),
    ]


def _pages(first: str, connection: Connection, *, most: int = 1000) -> list[str]:
    found = [first]
    while len(found) < most:
        _, body = connection.get(found[-1])
        token = json.loads(body)["next_page_token"]
        if token is None:
            return found
        found.append(f"{first}&{urlencode({'page_token': token})}")
    return found
