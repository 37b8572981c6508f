"""The reads of the API that are measured, with parameters that change from one repeat to the next."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from benchmarks.reads.made import HYPERPARAMETERS, METRICS
from benchmarks.reads.measure import Connection, Read

LIST_MS = 50.0
TREND_MS = 150.0


def reads(search_id: str, connection: Connection, *, trials: int) -> list[Read]:
    """Lists and single resources, then trends. Page tokens are walked through before anything is timed."""
    here = f"/v1/searches/{search_id}"
    pages = _pages(f"{here}/trials?limit=100", connection)
    large = _pages(f"{here}/trials?limit=500", connection)

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
    ]


def _pages(first: str, connection: Connection) -> list[str]:
    found = [first]
    while True:
        _, body = connection.get(found[-1])
        token = json.loads(body)["next_page_token"]
        if token is None:
            return found
        found.append(f"{first}&{urlencode({'page_token': token})}")
