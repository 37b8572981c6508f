"""What the API answers, held to its schema, and what it exports, as pandas reads it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pandas as pd
from starlette.testclient import TestClient

Document = dict[str, Any]
READERS: dict[str, Callable[[bytes], pd.DataFrame]] = {
    "csv": lambda data: pd.read_csv(io.BytesIO(data)),
    "jsonl": lambda data: pd.json_normalize(list(map(json.loads, data.splitlines()))),
    "parquet": lambda data: pd.read_parquet(io.BytesIO(data)),
}


def asked(client: TestClient, path: str, schema: str, **query: Any) -> Document:
    """The answer to a question about searches, held to its documented schema."""
    answer = client.get(f"/v1/searches/{path}", params=query)
    assert answer.status_code == 200, answer.text
    document = json.loads(client.get("/openapi.json").text)
    rooted = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.validate(answer.json(), rooted)
    found: Document = answer.json()
    return found


def exported(client: TestClient, search_id: str, table: str = "trials", format: str = "parquet") -> pd.DataFrame:
    answer = client.get(f"/v1/searches/{search_id}/export?table={table}&format={format}")
    assert answer.status_code == 200, answer.text
    frame = READERS[format](answer.content)
    # JSON lines nest: `metrics.loss` is what the tables call `metric:loss`.
    return frame.rename(columns=lambda name: name.replace("hyperparameters.", "hp:").replace("metrics.", "metric:"))
