"""Event files, read back by TensorBoard itself: its accumulator of events, and the backend of its HParams plugin."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient

from storage.ids import SearchId
from tests.service.assembled import Service
from tests.service.searched_scene import FOLDS, searched

Document = dict[str, Any]

# A process of its own, in which TensorBoard does without TensorFlow: that takes seconds to import.
_READER = """
import json, sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")
from google.protobuf.json_format import MessageToDict
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer as ForPlugins
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

folder = sys.argv[1]
runs = EventMultiplexer(size_guidance={"scalars": 0}).AddRunsFromDirectory(folder)
runs.Reload()
scalars = {
    run: {tag: [[e.step, e.wall_time, e.value] for e in runs.Scalars(run, tag)] for tag in tags["scalars"]}
    for run, tags in runs.Runs().items()
}
plugins = ForPlugins().AddRunsFromDirectory(folder)
plugins.Reload()
hparams = backend_context.Context(TBContext(data_provider=MultiplexerDataProvider(plugins, folder)))
context = RequestContext()
experiment = get_experiment.Handler(context, hparams, "", api_pb2.GetExperimentRequest()).run()
request = api_pb2.ListSessionGroupsRequest(
    start_index=0,
    slice_size=1000,
    allowed_statuses=list(api_pb2.Status.values()),
    aggregation_type=api_pb2.AGGREGATION_AVG,
    col_params=[api_pb2.ColParams(metric=metric.name) for metric in experiment.metric_infos],
)
groups = list_session_groups.Handler(context, hparams, "", request).run()
print(json.dumps({"scalars": scalars, "experiment": MessageToDict(experiment), "groups": MessageToDict(groups)}))
assert "tensorflow" not in sys.modules
"""


def unpacked(ada: TestClient, search_id: SearchId, folder: Path) -> Path:
    answer = ada.get(f"/v1/searches/{search_id}/export?format=tensorboard")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{search_id}-tensorboard.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        file.extractall(folder)
    return folder


def read(folder: Path) -> Document:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _READER, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: Document = json.loads(done.stdout)
    return found


def exported(ada: TestClient, search_id: SearchId, table: str) -> pd.DataFrame:
    data = ada.get(f"/v1/searches/{search_id}/export?table={table}&format=parquet").content
    return pd.read_parquet(io.BytesIO(data))


@pytest.mark.parametrize("folds", [1, FOLDS])
def test_tensorboard_reads_what_the_tables_say(
    service: Service, ada: TestClient, definition: Document, tmp_path: Path, folds: int
) -> None:
    search_id = searched(service, ada, definition, folds=folds)
    found = read(unpacked(ada, search_id, tmp_path / "runs"))
    epochs, trials = exported(ada, search_id, "epochs"), exported(ada, search_id, "trials").set_index("number")
    metrics = [name.removeprefix("metric:") for name in epochs.columns if name.startswith("metric:")]

    # Every value of every epoch, at its time, and not one more.
    runs = {
        run: rows
        for (number, execution), rows in epochs.groupby(["trial_number", "execution"])
        for run in [f"trial-{number:04d}" + ("" if folds == 1 else f"/execution-{execution}-fold-{execution}")]
    }
    with_scalars = {run: tags for run, tags in found["scalars"].items() if set(tags) & set(metrics)}
    assert with_scalars.keys() == runs.keys()
    for run, rows in runs.items():
        times = [time.timestamp() for time in rows["recorded_at"]]
        for name in metrics:
            told = with_scalars[run][name]
            assert [step for step, _, _ in told] == rows["epoch"].tolist()
            assert [time for _, time, _ in told] == times
            np.testing.assert_array_equal(
                np.array([value for _, _, value in told], dtype=np.float32), rows[f"metric:{name}"].to_numpy(np.float32)
            )

    # The table of the HParams plugin: a line for each trial that has begun.
    lines = {line["name"]: line for line in found["groups"]["sessionGroups"]}
    begun = trials[trials["started_at"].notna()]
    assert sorted(lines) == [f"trial-{number:04d}" for number in begun.index]
    assert len(begun) == len(trials) - 1
    statuses = {"COMPLETED": "STATUS_SUCCESS", "STOPPED": "STATUS_SUCCESS", "FAILED": "STATUS_FAILURE"}
    for number, trial in begun.iterrows():
        line = lines[f"trial-{number:04d}"]
        values = {str(name).removeprefix("hp:"): value for name, value in trial.items() if str(name).startswith("hp:")}
        assert line["hparams"] == {
            name: pytest.approx(value) if isinstance(value, float) else value
            for name, value in values.items()
            if not (isinstance(value, float) and math.isnan(value)) and value is not None
        }
        if trial["state"] in statuses:
            assert {session["status"] for session in line["sessions"]} == {statuses[trial["state"]]}
            assert {session["endTimeSecs"] for session in line["sessions"]} == {trial["ended_at"].timestamp()}
        told = {value["name"]["tag"]: value["value"] for value in line.get("metricValues", [])}
        if math.isnan(trial["score"]):
            assert "trial/score" not in told
        else:
            assert told["trial/score"] == pytest.approx(trial["score"], rel=1e-6)
            assert told["trial/seconds"] == pytest.approx(trial["seconds"], rel=1e-6)
            assert told["trial/parameters"] == trial["parameters"]


def test_the_table_knows_the_space(service: Service, ada: TestClient, definition: Document, tmp_path: Path) -> None:
    search_id = searched(service, ada, definition, folds=1)
    experiment = read(unpacked(ada, search_id, tmp_path / "runs"))["experiment"]
    infos = {info["name"]: info for info in experiment["hparamInfos"]}
    assert infos["units"]["domainInterval"] == {"minValue": 32.0, "maxValue": 256.0}
    assert infos["learning_rate"]["domainInterval"] == {"minValue": 1e-4, "maxValue": 1e-2}
    assert infos["learning_rate"]["description"] == "sampled on a log scale"
    assert infos["regular_rate"]["description"] == "active under conditions"
    assert infos["regular"]["domainDiscrete"] == [False, True]
    assert infos["activation"]["domainDiscrete"] == ["elu", "relu", "tanh"]
    assert [metric["name"]["tag"] for metric in experiment["metricInfos"]][:3] == ["trial/score", "accuracy", "loss"]


def test_a_search_without_trials_has_its_table_only(ada: TestClient, definition: Document, tmp_path: Path) -> None:
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    folder = unpacked(ada, search_id, tmp_path / "runs")
    assert [path.relative_to(folder).parent for path in folder.rglob("*.headstock")] == [Path()]


def test_strangers_get_nothing(service: Service, ada: TestClient, definition: Document) -> None:
    search_id = ada.post("/v1/searches", json=definition).json()["id"]
    stranger = service.client(service.token(owner="eve"))
    assert stranger.get(f"/v1/searches/{search_id}/export?format=tensorboard").status_code == 404
