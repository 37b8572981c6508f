"""What exceptions are called, whose fault they are, and that no path of this machine gets out."""

from __future__ import annotations

import errno
import pickle
import re
from pathlib import Path

import pytest

from storage.errors import ArtifactDamaged, InvalidDefinition
from storage.states import Fault
from tuners.failures import (
    KINDS,
    BuildFault,
    ModelTooLarge,
    TrialFault,
    classify,
    death,
    failure,
    short_traceback,
    without_paths,
)

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


class XlaRuntimeError(RuntimeError):
    """Named as JAX's."""


@pytest.mark.parametrize(
    ("error", "code", "fault"),
    [
        (BuildFault("/model/layers/2", "no such shape"), "build_error", Fault.DEFINITION),
        (ModelTooLarge("/model", "2 over 1"), "model_too_large", Fault.DEFINITION),
        (TrialFault("objective_missing", "no val_auc"), "objective_missing", Fault.DEFINITION),
        (InvalidDefinition("bad"), "build_error", Fault.DEFINITION),
        (ArtifactDamaged("x_train"), "data_unavailable", Fault.MACHINE),
        (MemoryError(), "out_of_memory", Fault.DEFINITION),
        (ResourceExhaustedError("OOM when allocating"), "out_of_memory", Fault.DEFINITION),
        (XlaRuntimeError("RESOURCE_EXHAUSTED: out of memory"), "out_of_memory", Fault.DEFINITION),
        (XlaRuntimeError("INVALID_ARGUMENT: shapes"), "training_error", Fault.DEFINITION),
        (OSError(errno.ENOSPC, "No space left on device"), "storage_full", Fault.MACHINE),
        (OSError(errno.EMFILE, "Too many open files"), "resource_limit", Fault.MACHINE),
        (RuntimeError("CUDA_ERROR_NO_DEVICE: no device"), "device_lost", Fault.MACHINE),
        (ValueError("Shapes (32, 10) and (32, 3) are incompatible"), "training_error", Fault.DEFINITION),
    ],
)
def test_exceptions_have_codes_and_owners(error: Exception, code: str, fault: Fault) -> None:
    record = classify(error, before_first_batch=False)
    assert (record.code, record.fault) == (code, fault)
    assert record.message


def test_only_what_other_values_cannot_cure_ends_a_search_and_only_before_the_first_batch() -> None:
    error = ValueError("shapes")
    assert classify(error, before_first_batch=True).ends_search
    assert not classify(error, before_first_batch=True).retryable
    assert not classify(error, before_first_batch=False).ends_search
    assert classify(error, before_first_batch=False).retryable
    assert not classify(MemoryError(), before_first_batch=True).ends_search
    assert not any(kind.ends_search for kind in KINDS.values() if kind.fault is Fault.MACHINE)


def test_faults_of_the_machine_are_always_worth_another_try() -> None:
    assert all(kind.retryable for kind in KINDS.values() if kind.fault is Fault.MACHINE)


def test_traceback_is_short_and_names_no_path() -> None:
    path = Path.home() / "secret" / "place" / "data.npy"

    def deep(levels: int) -> None:
        if levels == 0:
            raise ValueError(f"cannot open {path}")
        deep(levels - 1)

    try:
        deep(50)
    except ValueError as error:
        text = short_traceback(error)
        record = classify(error, before_first_batch=False)
    assert len(text.splitlines()) < 20
    assert str(Path(__file__).parent) not in text
    assert str(path) not in text
    assert record.message == "cannot open place/data.npy"


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("see /a/b/c/d.py, line 3", "see c/d.py, line 3"),
        ("no path: a/b, 1/2, http://host/a/b/c", "no path: a/b, 1/2, http://host/a/b/c"),
        ("'/tmp/x/y.npz'", "'x/y.npz'"),
    ],
)
def test_paths_are_cut_to_their_end(text: str, without: str) -> None:
    assert without_paths(text) == without


def test_pointers_of_our_own_faults_stay_whole() -> None:
    assert classify(BuildFault("/model/layers/2", "too small"), before_first_batch=True).message == (
        "/model/layers/2: too small"
    )


def test_death_names_the_signal() -> None:
    assert "SIGSEGV" in death(-11).message
    assert "out-of-memory" in death(-9).message
    assert "exit code 3" in death(3).message
    assert death(-200).code == "crash"


def test_faults_cross_processes() -> None:
    for fault in (BuildFault("/a", "b"), ModelTooLarge("/a", "b"), TrialFault("data_error", "c")):
        again = pickle.loads(pickle.dumps(fault))
        assert (type(again), str(again), again.code) == (type(fault), str(fault), fault.code)


def test_page_has_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (yes|no) \| (yes|no) \| (.+) \|$", PAGE.read_text(), re.M)
    said = {code: (fault, retried, ends, sentence) for code, fault, retried, ends, sentence in rows}
    assert said == {
        kind.code: (
            kind.fault.value,
            "yes" if kind.retryable else "no",
            "yes" if kind.ends_search else "no",
            kind.sentence,
        )
        for kind in KINDS.values()
    }


def test_failure_without_a_message_says_the_tables_sentence() -> None:
    assert failure("no_progress").message == KINDS["no_progress"].sentence
