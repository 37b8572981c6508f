"""Makes the image folders of the fine-tuning example, as zip files: real digits, as people keep their own pictures.

    python -m examples.make_data FOLDER [--mnist mnist.npz]

Each file holds `train/`, `validation/` and `test/`, in each of them one folder of 32 x 32 PNG files for each class.
They are made of scikit-learn's digits, or of MNIST where its file is given.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 32
PARTS = {"train": 0.6, "validation": 0.2, "test": 0.2}
MOST_OF_A_CLASS = 1000
SHIFTS = {"": (0, 0), "-up": (-1, 0), "-down": (1, 0), "-left": (0, -1), "-right": (0, 1)}
"""The small set is trained on four more copies of each picture, moved by one pixel: a backbone's batch normalization
needs a thousand steps before its averages mean anything."""
SETS = {"digits-0-to-4": range(5), "digits-5-to-9": range(5, 10)}


def images(mnist: Path | None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Grey images (rows, height, width) with values 0 to 255, and their digits."""
    if mnist is not None:
        with np.load(mnist) as file:
            return file["x_train"], file["y_train"].astype(np.int64)
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images * (255 / 16)).astype(np.uint8), digits.target


def write(folder: Path, mnist: Path | None = None) -> list[Path]:
    """Write one zip file for each of `SETS` into the folder; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    x, y = images(mnist)
    written = []
    for name, classes in SETS.items():
        path = folder / f"{name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for place, image in _entries(x, y, classes, shifts=SHIFTS if mnist is None else {"": (0, 0)}):
                # A fixed date, so that equal pictures make equal files.
                archive.writestr(zipfile.ZipInfo(place), _png(image))
        written.append(path)
    return written


def _entries(
    x: NDArray[np.uint8], y: NDArray[np.int64], classes: range, *, shifts: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    for digit in classes:
        rows = np.flatnonzero(y == digit)[:MOST_OF_A_CLASS]
        ends = np.cumsum([round(len(rows) * share) for share in PARTS.values()])
        for part, start, end in zip(PARTS, [0, *ends[:-1]], ends, strict=True):
            for row in rows[start:end]:
                for ending, shift in (shifts if part == "train" else {"": (0, 0)}).items():
                    yield f"{part}/{digit}/{row}{ending}.png", _shifted(x[row], *shift)


def _shifted(image: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """The picture moved by at most one pixel, with black where it was."""
    height, width = image.shape
    around = np.pad(image, 1)
    return around[1 - down : 1 - down + height, 1 - right : 1 - right + width]


def _png(image: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the image folders of the fine-tuning example.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mnist", type=Path, help="an .npz with x_train and y_train, to make them of MNIST")
    options = parser.parse_args()
    for path in write(options.folder, options.mnist):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
        print(f"  headstock datasets add {path} --name {path.stem}")


if __name__ == "__main__":
    main()
