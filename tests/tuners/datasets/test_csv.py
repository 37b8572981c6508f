"""What becomes of good `.csv` files: separators, columns and targets are understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tuners.datasets.reading import good, read


class TestCsv:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_separators_line_ends_and_mark(self, tmp_path: Path, separator: str, end: str) -> None:
        text = f'\ufeff"a, or b;"{separator}b{separator}label{end}1{separator}-2.5e-1{separator}x{end}' + (
            f" 3 {separator}TRUE{separator} y {end}{end}"
        )
        meta, arrays = good(tmp_path, text.encode(), file_format="csv", target="label")
        assert meta.feature_names == ("a, or b;", "b")
        assert meta.class_names == ("x", "y")
        assert (meta.task, meta.scale, meta.input_shape) == ("classification", "standard", (2,))
        np.testing.assert_array_equal(arrays["x_train"], [[1, -0.25], [3, 1]])
        np.testing.assert_array_equal(arrays["y_train"], [0, 1])

    def test_target_may_be_any_column_and_no_line_end_at_the_end(self, tmp_path: Path) -> None:
        meta, arrays = good(tmp_path, b"y,a,b\n0.5,1,2\n1,3,4", file_format="csv", target="y")
        assert (meta.task, meta.feature_names, meta.num_classes) == ("regression", ("a", "b"), None)
        np.testing.assert_array_equal(arrays["x_train"], [[1, 2], [3, 4]])
        np.testing.assert_array_equal(arrays["y_train"], [0.5, 1])

    @pytest.mark.parametrize(
        ("cells", "task"),
        [
            (["3", "5", "3", "5"], "classification"),
            (["3.0", "5.0", "3.0", "5.0"], "regression"),
            (["3", "5", "3", "5.5"], "regression"),
            (["3", "5", "3", "five"], "classification"),
            (["true", "false", "true", "true"], "classification"),
        ],
    )
    def test_task_of_the_target_column(self, tmp_path: Path, cells: list[str], task: str) -> None:
        content = "a,y\n" + "".join(f"1,{cell}\n" for cell in cells)
        assert good(tmp_path, content.encode(), file_format="csv", target="y")[0].task == task

    def test_hostile_column_names_are_only_text(self, tmp_path: Path) -> None:
        name = '"; DROP TABLE searches; --'
        quoted = name.replace('"', '""')
        content = f'"{quoted}",label\n1,0\n2,1\n'
        meta, _ = good(tmp_path, content.encode(), file_format="csv", target="label")
        assert meta.feature_names == (name,)

    def test_many_rows_over_several_blocks(self, tmp_path: Path) -> None:
        rows = 70_000
        content = "a,b,y\n" + "".join(f"{n},{n * 0.5},{'late' if n >= 60_000 else 7}\n" for n in range(rows))
        meta, arrays = good(tmp_path, content.encode(), file_format="csv", target="y")
        assert meta.class_names == ("7", "late")
        np.testing.assert_array_equal(arrays["x_train"][:, 0], np.arange(rows))
        np.testing.assert_array_equal(arrays["y_train"], np.arange(rows) >= 60_000)

    def test_a_few_texts_among_numbers_are_a_fault_with_their_line(self, tmp_path: Path) -> None:
        content = "a,b,y\n" + "1,2,0\n" * 60_000 + "1,x,0\n"
        reply, _ = read(tmp_path, content.encode(), file_format="csv", target="y")
        assert [(fault.code, fault.detail[:25]) for fault in reply.faults] == [
            ("csv_rejected", "Line 60002, column 'b' is")
        ]
