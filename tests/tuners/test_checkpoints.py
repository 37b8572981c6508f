"""Checkpoint files: whole, exact, and refused when they are anything else."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from tuners.trainer import checkpoints
from tuners.trainer.checkpoints import CheckpointDamaged, Snapshot, Tensor
from tuners.trainer.pace import CheckpointPace


def _snapshot() -> Snapshot:
    generator = np.random.default_rng(1)
    return Snapshot(
        kind="last",
        execution=1,
        epoch=3,
        ended=False,
        tensors=(
            Tensor("model", "kernel", generator.normal(size=(3, 4)).astype(np.float32)),
            Tensor("model", "bias", np.zeros((0,), np.float32)),
            Tensor("model", "seed_generator_state", np.array([7, 2**40], np.int64)),
            Tensor("optimizer", "iteration", np.array(135, np.int64)),
            Tensor("optimizer", "kernel_momentum", np.array([[np.nan, np.inf]], np.float32)),
            Tensor("callback", "0/best_weights/0", np.ones((2,), np.float64)),
        ),
        best_score=0.75,
        best_epoch=2,
        callbacks=({"wait": 2, "best": math.inf, "stopped_epoch": 0}, {"wait": 0, "best": None}),
    )


def test_what_was_written_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    snapshot = _snapshot()
    written = checkpoints.write(snapshot, tmp_path / "c.npz")
    again = checkpoints.read(written.path)
    assert dataclasses.replace(again, tensors=()) == dataclasses.replace(snapshot, tensors=())
    assert len(again.tensors) == len(snapshot.tensors)
    for mine, theirs in zip(snapshot.tensors, again.tensors, strict=True):
        assert (mine.role, mine.name, mine.value.shape, mine.value.dtype) == (
            theirs.role,
            theirs.name,
            theirs.value.shape,
            theirs.value.dtype,
        )
        assert mine.value.tobytes() == theirs.value.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["c.npz"]


def test_checksum_and_size_are_the_files(tmp_path: Path) -> None:
    import hashlib

    written = checkpoints.write(_snapshot(), tmp_path / "c.npz")
    content = written.path.read_bytes()
    assert written.sha256 == hashlib.sha256(content).hexdigest()
    assert written.size_bytes == len(content)


def test_no_altered_byte_gives_other_values(tmp_path: Path) -> None:
    """Whatever byte is turned, the file is refused, or still says exactly the same (a byte of padding)."""
    snapshot = _snapshot()
    content = bytearray(checkpoints.write(snapshot, tmp_path / "c.npz").path.read_bytes())
    wanted = [tensor.value.tobytes() for tensor in snapshot.tensors]
    refused = 0
    for position in range(0, len(content), 7):
        altered = bytearray(content)
        altered[position] ^= 0xFF
        path = tmp_path / "altered.npz"
        path.write_bytes(altered)
        try:
            again = checkpoints.read(path)
        except CheckpointDamaged:
            refused += 1
            continue
        assert [tensor.value.tobytes() for tensor in again.tensors] == wanted
    assert refused > len(content) / 7 / 2


@pytest.mark.parametrize("length", [0, 10, 200, -1])
def test_cut_off_file_is_refused(tmp_path: Path, length: int) -> None:
    path = checkpoints.write(_snapshot(), tmp_path / "c.npz").path
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointDamaged):
        checkpoints.read(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointDamaged):
        checkpoints.read(tmp_path / "none.npz")


def test_pickled_content_is_refused_and_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (Path(tmp_path / "sprung"),)  # type: ignore[return-value]

    path = tmp_path / "trap.npz"
    meta = {**_meta(), "tensors": [["model", "kernel", [1], "object", "object"]]}
    np.savez(
        path,
        meta=np.frombuffer(json.dumps(meta).encode(), np.uint8),
        data_object=np.array([Trap()], dtype=object),
    )
    with pytest.raises(CheckpointDamaged):
        checkpoints.read(path)
    assert not (tmp_path / "sprung").exists()


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "later.npz"
    np.savez(path, meta=np.frombuffer(json.dumps({**_meta(), "format": 99}).encode(), np.uint8))
    with pytest.raises(CheckpointDamaged, match="99"):
        checkpoints.read(path)


@pytest.mark.parametrize("claimed", [[2], [4]])
def test_index_that_does_not_match_its_arrays_is_refused(tmp_path: Path, claimed: list[int]) -> None:
    path = tmp_path / "c.npz"
    meta = {**_meta(), "tensors": [["model", "kernel", claimed, "float32", "float32"]]}
    np.savez(path, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), data_float32=np.zeros(3, np.float32))
    with pytest.raises(CheckpointDamaged):
        checkpoints.read(path)


def test_full_disk_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        checkpoints.write(_snapshot(), tmp_path / "gone" / "c.npz")
    assert list(tmp_path.iterdir()) == []


def test_pace_keeps_its_share_of_the_training_time() -> None:
    now = 0.0
    pace = CheckpointPace(share=0.05, handling_s=0.02, interval_s=1.0, now=lambda: now)
    written = 0
    for _ in range(1000):
        now += 0.1
        if pace.due():
            pace.took(0.2)
            written += 1
    # The first one is free of the estimate, after that 0.22 s a checkpoint of at most 5 % of 100 s.
    assert 20 <= written <= 24


def test_pace_lets_small_models_save_about_once_a_second() -> None:
    now = 0.0
    pace = CheckpointPace(now=lambda: now)
    written = 0
    for _ in range(100):
        now += 0.1
        if pace.due():
            pace.took(0.002)
            written += 1
    assert 8 <= written <= 10


def _meta() -> dict[str, object]:
    return {
        "format": checkpoints.FORMAT,
        "kind": "last",
        "execution": 0,
        "epoch": 0,
        "ended": False,
        "best_score": None,
        "best_epoch": None,
        "callbacks": [],
        "tensors": [],
    }
