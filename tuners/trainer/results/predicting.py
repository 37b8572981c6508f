"""Predictions of a final model from raw examples.

    python predict.py INPUT [-o predictions.csv]

INPUT is an `.npy` file of examples as they were uploaded, shape (rows, ...); an `.npz` file when the model takes
several inputs, by their names; a `.csv` file with a header for a table; a `.txt` file with one text a line. What
becomes of the examples before the model sees them stands in `preprocessing.json`.

It needs numpy, and Keras for a `.keras` model or scikit-learn and skops for a `.skops` one: nothing else.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tuners.datasets.preprocessing.standalone import preprocess
from tuners.datasets.preprocessing.tables import table_codes
from tuners.trainer.results.decoding import decoded

Raw = NDArray[Any] | Mapping[str, NDArray[Any]] | Sequence[str]


class Predictor:
    """The model of a folder with its preprocessing.

    Attributes:
        document: What `preprocessing.json` says.
    """

    def __init__(self, folder: Path) -> None:
        self.document: dict[str, Any] = json.loads((folder / "preprocessing.json").read_text(encoding="utf-8"))
        model = self.document["model"]
        if model["kind"] == "keras":
            os.environ.setdefault("KERAS_BACKEND", model["backend"])
            import keras

            self.model: Any = keras.saving.load_model(folder / model["file"], compile=False)
        else:
            import skops.io

            # Types that skops does not know of itself, as they were when the file was written.
            self.model = skops.io.load(folder / model["file"], trusted=model["trusted"])

    def prepare(self, raw: Raw) -> Any:
        """Raw examples as the model takes them: one array, or several by name."""
        return preprocess(raw, self.document["preprocessing"])

    def predict(self, raw: Raw) -> dict[str, Any]:
        """Answers for raw examples: an array, shape (rows,) or (rows, k), under the name of each output ("" for the
        only one). Classes are numbers; `named` turns them into words."""
        x = self.prepare(raw)
        outputs: Mapping[str, Any] = self.document["outputs"]
        if self.document["model"]["kind"] == "sklearn":
            return {"": np.asarray(self.model.predict(x.reshape(len(x), -1)))}
        given = self.model.predict(x, batch_size=256, verbose=0)
        if not isinstance(given, Mapping):
            several = given if isinstance(given, (list, tuple)) else [given]
            given = dict(zip(outputs, several, strict=True))
        return {name: decoded(given[name], how)[0] for name, how in outputs.items()}

    def named(self, answers: Mapping[str, Any]) -> dict[str, list[Any]]:
        """The answers as lists, with the names of classes instead of their numbers."""
        found = {}
        for name, values in answers.items():
            how = self.document["outputs"][name]
            words = how["class_names"]
            plain = values.tolist()
            if how["task"] == "classification" and words:
                plain = [words[number] if number < len(words) else number for number in plain]
            found[name] = plain
        return found


def read(path: Path, document: Mapping[str, Any]) -> Raw:
    """The examples of a file.

    Raises:
        ValueError: The file is none of the kinds that fit the model, or lacks a column.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        loaded: NDArray[Any] = np.load(path, allow_pickle=False)
        return loaded
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    if suffix == ".txt":
        return path.read_text(encoding="utf-8").splitlines()
    if suffix == ".csv":
        return read_table(path, document)
    raise ValueError(f"{path}: give an .npy, .npz, .csv or .txt file")


def read_table(path: Path, document: Mapping[str, Any]) -> NDArray[Any]:
    """The rows of a file with a header, by the names of the columns the model was trained on."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    state = document["preprocessing"]["inputs"][""]
    if state["way"] == "table":
        return table_codes(state["columns"], rows)
    names = document["features"]
    missing = [name for name in names if rows and name not in rows[0]]
    if missing or not names:
        raise ValueError(f"{path}: the model wants the columns {', '.join(names) or 'of an array: give an .npy file'}")
    return np.array([[float(row[name]) for name in names] for row in rows], dtype=np.float64)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="predict.py", description="Predict with the model of this folder.")
    parser.add_argument("input", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="a .csv file; without it, answers go to standard output")
    options = parser.parse_args(arguments)
    predictor = Predictor(Path(__file__).resolve().parent)
    answers = predictor.named(predictor.predict(read(options.input, predictor.document)))
    if options.output is None:
        write(sys.stdout, answers)
    else:
        with open(options.output, "w", newline="", encoding="utf-8") as file:
            write(file, answers)
    return 0


def write(file: Any, answers: Mapping[str, Sequence[Any]]) -> None:
    """One line for each example, below a header."""
    writer = csv.writer(file)
    writer.writerow([name or "prediction" for name in answers])
    for row in zip(*answers.values(), strict=True):
        writer.writerow([json.dumps(value) if isinstance(value, list) else value for value in row])


if __name__ == "__main__":
    sys.exit(main())
