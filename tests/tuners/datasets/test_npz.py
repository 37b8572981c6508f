"""What becomes of good `.npz` files: their parts, dtypes, labels and extra arrays are understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tuners.dataset_files import npz, npz_of
from tests.tuners.datasets.reading import X, Y, good


class TestNpz:
    def test_parts_and_dtypes_are_kept(self, tmp_path: Path) -> None:
        images = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
        meta, arrays = good(
            tmp_path,
            npz(packed=True, x_train=images, y_train=[2, 0, 1, 2], x_val=images[:2], y_val=[0, 1], x_test=images[:1],
                y_test=[1]),
            file_format="npz",
        )  # fmt: skip
        assert (meta.task, meta.input_shape, meta.num_classes, meta.scale) == ("classification", (5, 6), 3, "0-1")
        assert (meta.rows("train"), meta.rows("validation"), meta.rows("test")) == (4, 2, 1)
        assert arrays["x_train"].dtype == np.uint8
        np.testing.assert_array_equal(arrays["x_train"], images)
        assert arrays["y_validation"].dtype == np.int32
        np.testing.assert_array_equal(arrays["y_train"], [2, 0, 1, 2])

    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", ">i2", "<f2", "|i1", ">u8", "|b1"])
    def test_any_byte_order_and_layout_gives_the_same_values(self, tmp_path: Path, dtype: str, order: str) -> None:
        x = np.asarray(np.arange(24).reshape(4, 3, 2) % 2, dtype=dtype, order=order)  # type: ignore[call-overload]
        meta, arrays = good(tmp_path, npz(x=x, y=Y), file_format="npz")
        np.testing.assert_array_equal(arrays["x_train"], x)
        kept = arrays["x_train"]
        assert kept.flags.c_contiguous
        assert kept.dtype == {"f2": "float32", "b1": "uint8"}.get(dtype[1:], x.dtype.newbyteorder("<"))
        assert meta.arrays["x_train"].dtype == kept.dtype.name

    def test_equal_data_have_equal_fingerprints(self, tmp_path: Path) -> None:
        prints = set()
        for index, content in enumerate(
            [
                npz(x=X, y=Y),
                npz(packed=True, X=X.astype(">f4"), labels=Y.astype(np.int8)),
                npz(data=X, target=Y.reshape(-1, 1)),
            ]
        ):
            folder = tmp_path / str(index)
            folder.mkdir()
            prints.add(good(folder, content, file_format="npz")[0].fingerprint())
        assert len(prints) == 1
        (tmp_path / "other").mkdir()
        other = good(tmp_path / "other", npz(x=X, y=1 - Y), file_format="npz")[0].fingerprint()
        assert other not in prints

    def test_gaps_in_labels_are_closed_and_names_kept(self, tmp_path: Path) -> None:
        meta, arrays = good(tmp_path, npz(x=X, y=[7, -3, 7, 100]), file_format="npz")
        np.testing.assert_array_equal(arrays["y_train"], [1, 0, 1, 2])
        assert meta.class_names == ("-3", "7", "100")

    def test_names_for_each_label_from_0(self, tmp_path: Path) -> None:
        meta, _ = good(tmp_path, npz(x=X, y=[0, 3, 0, 1], class_names=["a", "b", "c", "d"]), file_format="npz")
        assert meta.class_names == ("a", "b", "d")

    def test_text_and_boolean_and_one_hot_labels(self, tmp_path: Path) -> None:
        for name, y, names in [
            ("text", np.array(["no", "yes", "no", "yes"]), ("no", "yes")),
            ("boolean", Y.astype(bool), ("false", "true")),
            ("one-hot", np.eye(2)[Y], ("0", "1")),
        ]:
            (tmp_path / name).mkdir()
            meta, arrays = good(tmp_path / name, npz(x=X, y=y), file_format="npz")
            assert (meta.task, meta.class_names) == ("classification", names)
            np.testing.assert_array_equal(arrays["y_train"], Y)

    def test_wide_labels_of_both_signs_stay_whole_numbers(self, tmp_path: Path) -> None:
        y = np.array([2**60, 5, 5, 2**60 + 1], dtype=np.uint64)
        meta, _ = good(tmp_path, npz(x=X, y=y, x_test=X, y_test=np.array([5, -1, 5, 5])), file_format="npz")
        assert meta.class_names == ("-1", "5", str(2**60), str(2**60 + 1))

    @pytest.mark.parametrize(
        ("y", "task", "expected"),
        [
            ([[1, 1], [0, 1]], None, "multilabel"),
            ([[True, True], [False, True]], None, "multilabel"),
            ([[1.0, 1.0], [0.0, 1.0]], None, "regression"),
            ([[1.0, 1.0], [0.0, 1.0]], "multilabel", "multilabel"),
            ([[1, 1], [0, 1]], "regression", "regression"),
            ([[1, 0], [0, 1]], None, "classification"),
            ([[1, 0], [0, 1]], "multilabel", "multilabel"),
            ([[1, 0], [0, 1]], "regression", "regression"),
            ([[2, 0], [0, 1]], None, "regression"),
        ],
    )
    def test_several_columns_of_targets(self, tmp_path: Path, y: list[Any], task: str | None, expected: str) -> None:
        meta, arrays = good(tmp_path, npz(x=X[:2], y=y), file_format="npz", task=task)
        several = expected != "classification"
        assert (meta.task, meta.target_shape) == (expected, (2,) if several else ())
        assert meta.num_classes == (None if expected == "regression" else 2)
        dtype = {"multilabel": "uint8", "regression": "float64", "classification": "int32"}[expected]
        assert arrays["y_train"].dtype == dtype
        np.testing.assert_array_equal(arrays["y_train"], y if several else np.argmax(y, axis=1))

    def test_weights_groups_and_times(self, tmp_path: Path) -> None:
        content = npz(
            x=X, y=Y, x_val=X, y_val=Y, w=[1, 2, 3, 0], sample_weight_val=np.ones((4, 1)), groups=[30, 10, 30, 20],
            times=[0.5, -1.0, 0.25, 0.5],
        )  # fmt: skip
        meta, arrays = good(tmp_path, content, file_format="npz")
        assert {"w_train", "w_validation", "g_train", "t_train"} <= set(meta.arrays)
        assert arrays["w_train"].dtype == np.float64
        assert arrays["g_train"].tolist() == [2, 0, 2, 1]
        assert arrays["t_train"].tolist() == [2, 0, 1, 2]

    @pytest.mark.parametrize(
        ("x", "largest"),
        [
            (np.array([[1, 50], [3, 0]]), 50),
            (np.array([[1, 50], [3, 0]], dtype=np.uint16), 50),
            (np.array([[1, 50], [3, 0]], dtype=np.uint8), None),
            (np.array([[1, -50], [3, 0]]), None),
            (np.array([[1.0, 50.0], [3.0, 0.0]]), None),
            (np.ones((2, 3, 4), dtype=np.int64), None),
        ],
    )
    def test_tokens(self, tmp_path: Path, x: np.ndarray, largest: int | None) -> None:
        assert good(tmp_path, npz(x=x, y=[0, 1]), file_format="npz")[0].max_token == largest

    @pytest.mark.parametrize(
        ("shape", "kind"),
        [((8, 8, 3), "image"), ((8, 8, 1), "image"), ((8, 8, 4), "image"), ((8, 8), "array"), ((8, 8, 7), "array")],
    )
    def test_bytes_with_channels_are_images(self, tmp_path: Path, shape: tuple[int, ...], kind: str) -> None:
        assert good(tmp_path, npz(x=np.zeros((2, *shape), np.uint8), y=[0, 1]), file_format="npz")[0].kind == kind

    def test_texts_in_every_part(self, tmp_path: Path) -> None:
        content = npz(x=np.array([["日本"], ["a"]]), y=["p", "n"], x_test=np.array(["", "longer"]), y_test=["n", "n"])
        meta, arrays = good(tmp_path, content, file_format="npz")
        assert (meta.kind, meta.rows("train"), meta.rows("test")) == ("text", 2, 2)
        assert arrays["x_train"].tobytes().decode() == "日本a"
        assert arrays["offsets_train"].tolist() == [0, 6, 7]
        assert arrays["offsets_test"].tolist() == [0, 0, 6]

    def test_several_inputs_and_targets_in_every_part(self, tmp_path: Path) -> None:
        images = np.zeros((4, 5, 5, 1), np.uint8)
        content = npz_of({
            "X.Image_train": images, "x.meta_train": X, "x.meta_val": X[:2], "x.image_val": images[:2],
            "y.a_train": Y, "y.b_train": X[:, :2], "y.b_val": X[:2, :2], "y.a_val": Y[:2],
        })  # fmt: skip
        meta, arrays = good(tmp_path, content, file_format="npz")
        assert [(each.name, each.shape, each.dtype) for each in meta.inputs] == [
            ("image", (5, 5, 1), "uint8"),
            ("meta", (3,), "float32"),
        ]
        assert [(each.name, each.task, each.shape, each.num_classes) for each in meta.targets] == [
            ("a", "classification", (), 2),
            ("b", "regression", (2,), None),
        ]
        assert (meta.task, meta.input_shape, meta.num_classes, meta.scale) == ("classification", (5, 5, 1), 2, "none")
        assert meta.rows("validation") == 2
        np.testing.assert_array_equal(arrays["y.b_validation"], X[:2, :2])

    def test_label_only_in_the_test_part_is_a_class_too(self, tmp_path: Path) -> None:
        meta, arrays = good(tmp_path, npz(x=X, y=[0, 1, 0, 1], x_test=X, y_test=[2, 2, 0, 1]), file_format="npz")
        assert meta.num_classes == 3
        np.testing.assert_array_equal(arrays["y_test"], [2, 2, 0, 1])

    @pytest.mark.parametrize(
        ("y", "task", "expected"),
        [
            ([0.5, 1.0, 2.0, 3.0], None, "regression"),
            ([0.0, 1.0, 0.0, 1.0], None, "regression"),
            ([0.0, 1.0, 0.0, 1.0], "classification", "classification"),
            ([0, 1, 0, 1], None, "classification"),
            ([0, 1, 0, 1], "regression", "regression"),
            (list(range(30)), None, "regression"),
            (list(range(30)) * 20, None, "classification"),
            (list(range(30)), "classification", "classification"),
        ],
    )
    def test_task(self, tmp_path: Path, y: list[float], task: str | None, expected: str) -> None:
        x = np.arange(len(y), dtype=float)
        meta, arrays = good(tmp_path, npz(x=x, y=y), file_format="npz", task=task)
        assert (meta.task, meta.input_shape) == (expected, (1,))
        assert (meta.num_classes is None) == (expected == "regression")
        assert arrays["y_train"].dtype == (np.float64 if expected == "regression" else np.int32)

    @pytest.mark.parametrize(
        ("x", "scale", "expected"),
        [
            (np.zeros((4, 3), np.uint8), None, "0-1"),
            (np.zeros((4, 8, 8), np.uint8), None, "0-1"),
            (np.zeros((4, 3), np.float32), None, "standard"),
            (np.zeros((4, 8, 8), np.float32), None, "none"),
            (np.zeros((4, 3), np.int64), None, "none"),
            (np.zeros((4, 3), bool), None, "none"),
            (np.zeros((4, 3), np.float32), "none", "none"),
            (np.zeros((4, 8, 8), np.float32), "standard", "standard"),
        ],
    )
    def test_scale(self, tmp_path: Path, x: np.ndarray, scale: str | None, expected: str) -> None:
        assert good(tmp_path, npz(x=x, y=Y), file_format="npz", scale=scale)[0].scale == expected

    def test_array_larger_than_a_block(self, tmp_path: Path) -> None:
        x = np.random.default_rng(1).integers(0, 255, (3000, 64, 64), dtype=np.uint8)
        y = np.arange(3000) % 5
        meta, arrays = good(tmp_path, npz(packed=True, x=x, y=y), file_format="npz")
        np.testing.assert_array_equal(arrays["x_train"], x)
        assert meta.num_classes == 5
