"""The lines between worker and trainer: what is said is heard, and nothing else is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Failure
from storage.states import Fault
from tests.tuners.trainer_doubles import job
from tuners.trainer.protocol import (
    LINE_LIMIT,
    Batches,
    Ended,
    EndTrial,
    EpochDone,
    ExecutionBegun,
    Failed,
    FromTrainer,
    Notice,
    ProtocolFault,
    Quit,
    Ready,
    ResumePoint,
    Saved,
    Started,
    ToTrainer,
    decode_from_trainer,
    decode_to_trainer,
    encode_from_trainer,
    encode_to_trainer,
)

ORDERS: list[ToTrainer] = [
    job(Path("/scratch")),
    job(Path("/scratch"), parent_path="/p", resume=ResumePoint(1, 2, None, 0), constraint_parameters=10),
    job(Path("/scratch"), task="finalize", options={"values": {"units": 8, "rate": 0.5, "kind": "cnn", "on": True}}),
    EndTrial("t", 1, "release", 2.5),
    EndTrial("t", 1, "stop"),
    Quit(),
]
REPORTS: list[FromTrainer] = [
    Ready("jax", "gpu:0", {"keras": "3"}, 512.5),
    ExecutionBegun("t", 1, 2),
    Started("t", 1, 2**40),
    Started("t", 1, None),
    Batches("t", 1, 0, 3),
    Saved("t", 1, "last", 0, 3, "/scratch/f.npz", "a" * 64, 12),
    Saved("t", 1, "bundle", 0, None, "/scratch/f.zip", "a" * 64, 12),
    Notice("t", 1, "checkpoint_skipped", "no space \u2028 left\n"),
    Ended("t", 1, "completed", 1.0),
    Ended("t", 1, "stopped", 1.0, leaves=True),
    Failed("t", 1, Failure("crash", "m", Fault.MACHINE, True, False, "Traceback\n  x"), 1.0),
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.type)
def test_orders_survive_the_pipe(order: ToTrainer) -> None:
    line = encode_to_trainer(order)
    assert line.count(b"\n") == 1
    assert decode_to_trainer(line) == order


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.type)
def test_reports_survive_the_pipe(report: FromTrainer) -> None:
    line = encode_from_trainer(report)
    assert line.count(b"\n") == 1
    assert decode_from_trainer(line) == report


@given(st.dictionaries(st.text(max_size=20), st.floats(), max_size=5), st.floats(min_value=0, allow_infinity=False))
def test_every_float_survives_the_pipe(metrics: dict[str, float], seconds: float) -> None:
    line = encode_from_trainer(EpochDone("t", 1, 0, 7, metrics, seconds))
    # Strict JSON: no reader but ours need know how a NaN is written.
    json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    again = decode_from_trainer(line)
    assert isinstance(again, EpochDone)
    assert again.seconds == seconds
    assert set(again.metrics) == set(metrics)
    for name, value in metrics.items():
        assert again.metrics[name] == value or (math.isnan(value) and math.isnan(again.metrics[name]))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]\n",
        b'"quit"\n',
        b"\xff\xfe\n",
        b'{"type":"quit"}',
        b'{"type":"nothing"}\n',
        b'{"type":"ready"}\n',
        b'{"type":"batches","trial_id":"t","attempt":"1","execution":0,"epoch":0}\n',
        b'{"type":"batches","trial_id":"t","attempt":1.5,"execution":0,"epoch":0}\n',
        b'{"type":"batches","trial_id":"t","attempt":true,"execution":0,"epoch":0}\n',
        b'{"type":"batches","trial_id":"t","attempt":1,"execution":0,"epoch":0,"more":1}\n',
        b'{"type":"epoch","trial_id":"t","attempt":1,"execution":0,"epoch":0,"metrics":{"a":"b"},"seconds":1}\n',
        b'{"type":"epoch","trial_id":"t","attempt":1,"execution":0,"epoch":0,"metrics":{},"seconds":-1}\n',
        b'{"type":"ended","trial_id":"t","attempt":1,"outcome":"won","memory_mb":1}\n',
        b"[" * 100_000 + b"\n",
        b" " * (LINE_LIMIT + 1) + b"\n",
    ],
)
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolFault):
        decode_from_trainer(line)


def test_what_is_refused_is_not_repeated_in_the_fault() -> None:
    with pytest.raises(ProtocolFault) as caught:
        decode_from_trainer(b'{"type":"batches","trial_id":"t","attempt":"hunter2","execution":0,"epoch":0}\n')
    assert "hunter2" not in str(caught.value)


def test_folds_are_dealt_to_executions_in_turn(tmp_path: Path) -> None:
    fit = {"epochs": 4, "cross_validation": {"folds": 3, "stratified": True}}
    validated = job(tmp_path, resolved={"fit": fit}, executions=6)
    assert [validated.fold(execution) for execution in range(6)] == [0, 1, 2, 0, 1, 2]
    assert job(tmp_path, resolved={"fit": fit}, task="finalize").fold(0) is None
    assert job(tmp_path, executions=2).fold(1) is None
