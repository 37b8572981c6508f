"""`predict.py` prepares raw examples exactly as the trainer did, and reads them from files."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuners.datasets.preprocessing.fitted import FittedPreprocessing
from tuners.datasets.preprocessing.tables import fit_table
from tuners.datasets.preprocessing.texts import fit_texts
from tuners.trainer.results.predicting import read, write
from tuners.trainer.results.program import predict_program

TABLE = np.array([[1.0, 0.0], [np.nan, 1.0], [3.0, 0.0]])
PLAN = [
    {"name": "age", "index": 0, "kind": "number", "missing": "mean", "scale": "standard", "indicator": True},
    {
        "name": "pet",
        "index": 1,
        "kind": "category",
        "categories": ["cat", "dog"],
        "missing": "category",
        "encode": "one_hot",
        "gap": True,
    },
]
TEXTS = ["the cat sat", "the dog", "a cat"]
TEXT = {"output": "int", "lowercase": True, "ngrams": 1, "max_tokens": 5, "sequence_length": 4}
SCALED: dict[str, Any] = {"way": "scale", "offset": [1.0, 0.0], "divisor": [2.0, 1.0]}

CASES: dict[str, tuple[FittedPreprocessing, Any]] = {
    "scale": (FittedPreprocessing({"": SCALED}), np.arange(8).reshape(4, 2)),
    "tokens": (FittedPreprocessing({"": {"way": "tokens"}}), np.arange(6, dtype=np.int64).reshape(2, 3)),
    "sequence": (FittedPreprocessing({"": {"way": "sequence", "length": 2}}), np.arange(6).reshape(2, 3)),
    "windows": (FittedPreprocessing({"": SCALED}, (), {"length": 3, "stride": 2}), np.arange(18.0).reshape(9, 2)),
    "table": (FittedPreprocessing({"": {"way": "table", "columns": fit_table(PLAN, TABLE)}}), TABLE),
    "text": (FittedPreprocessing({"": {"way": "text", **fit_texts(TEXT, TEXTS)}}), TEXTS),
    "several": (
        FittedPreprocessing({"a": SCALED, "b": {"way": "tokens"}}),
        {"a": np.ones((2, 2)), "b": np.zeros((2, 1), dtype=np.int64)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_examples_are_prepared_as_the_trainer_did(tmp_path: Path, case: str) -> None:
    """By the program itself, as it lies in a bundle."""
    fitted, raw = CASES[case]
    program = tmp_path / "predict.py"
    program.write_text(predict_program(), encoding="utf-8")
    preprocess = runpy.run_path(str(program))["preprocess"]
    expected: Any
    expected, found = fitted.apply(raw), preprocess(raw, json.loads(json.dumps(fitted.to_json())))
    if not isinstance(expected, dict):
        expected, found = {"": expected}, {"": found}
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        assert found[name].tobytes() == values.tobytes()


def document(fitted: FittedPreprocessing, *features: str) -> dict[str, Any]:
    return {"preprocessing": fitted.to_json(), "features": list(features)}


def test_rows_of_a_table_come_by_the_names_of_their_columns(tmp_path: Path) -> None:
    file = tmp_path / "pets.csv"
    file.write_text("pet,other,age\ncat,x,1\nfish,x,\n,x,3\n")
    found = read(file, document(CASES["table"][0]))
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, [[1.0, 0.0], [np.nan, -1.0], [3.0, np.nan]])


def test_columns_of_an_array_come_by_its_features(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("b,a\n2,1\n")
    found = read(file, document(CASES["scale"][0], "a", "b"))
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="wants the columns a, c"):
        read(file, document(CASES["scale"][0], "a", "c"))
    with pytest.raises(ValueError, match=r"give an \.npy file"):
        read(file, document(CASES["scale"][0]))


def test_arrays_and_texts_come_from_their_files(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(3))
    np.savez(tmp_path / "x.npz", a=np.arange(2), b=np.arange(1))
    (tmp_path / "x.txt").write_text("größe\nzwei\n", encoding="utf-8")
    assert np.asarray(read(tmp_path / "x.npy", {})).tolist() == [0, 1, 2]
    several = read(tmp_path / "x.npz", {})
    assert isinstance(several, dict)
    assert sorted(several) == ["a", "b"]
    assert read(tmp_path / "x.txt", {}) == ["größe", "zwei"]
    np.save(tmp_path / "odd.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        read(tmp_path / "odd.npy", {})
    with pytest.raises(ValueError, match="give an"):
        read(tmp_path / "x.pkl", {})


def test_answers_have_a_column_for_each_output(tmp_path: Path) -> None:
    with open(tmp_path / "out.csv", "w", newline="") as file:
        write(file, {"price": [1.5, 2.0], "tags": [[0, 1], [1, 0]]})
    assert (tmp_path / "out.csv").read_text().split() == ["price,tags", '1.5,"[0,', '1]"', '2.0,"[1,', '0]"']


def test_program_is_one_file_that_imports_nothing_of_ours() -> None:
    program = predict_program()
    compile(program, "predict.py", "exec")
    assert "tuners" not in program
    assert program.count("from __future__") == 1
