"""What becomes of tables, in .csv and in .parquet alike: numbers, categories, missing values, texts, and the rest."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.datasets import TableColumn
from tests.tuners.dataset_files import npz
from tests.tuners.datasets.reading import good, read
from tuners.datasets.columns import MAX_CATEGORIES

NAN = float("nan")


def parquet(table: dict[str, Any] | pa.Table, **options: Any) -> bytes:
    """A Parquet file as Arrow writes it."""
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), buffer, **options)
    return buffer.getvalue()


def csv(table: dict[str, list[Any]]) -> bytes:
    """The same columns as text."""
    rows = zip(*table.values(), strict=True)
    lines = [",".join(table), *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


FORMATS = pytest.mark.parametrize(("file_format", "written"), [("csv", csv), ("parquet", parquet)])


@FORMATS
class TestColumns:
    def test_numbers_categories_and_missing_values(
        self, tmp_path: Path, file_format: str, written: Callable[..., bytes]
    ) -> None:
        table = {
            "size": [1.5, None, 3.0, 4.0],
            "colour": ["red", "blue", None, "red"],
            "sold": [True, False, True, None],
            "rooms": [3, 4, 5, 6],
            "price": [10.5, 20.0, 30.0, 40.0],
        }
        meta, arrays = good(tmp_path, written(table), file_format=file_format, target="price")
        assert (meta.kind, meta.task, meta.input_shape, meta.scale) == ("table", "regression", (4,), "standard")
        assert meta.feature_names == ("size", "colour", "sold", "rooms")
        assert meta.columns == (
            TableColumn("size", "number", (), 1),
            TableColumn("colour", "category", ("blue", "red"), 1),
            TableColumn("sold", "category", ("false", "true"), 1),
            TableColumn("rooms", "number", (), 0),
        )
        assert arrays["x_train"].dtype == np.float64
        np.testing.assert_array_equal(
            arrays["x_train"], [[1.5, 1, 1, 3], [NAN, 0, 0, 4], [3, NAN, 1, 5], [4, 1, NAN, 6]]
        )
        np.testing.assert_array_equal(arrays["y_train"], table["price"])

    def test_own_parts(self, tmp_path: Path, file_format: str, written: Callable[..., bytes]) -> None:
        table = {
            "a": [1.0, 2.0, None, 4.0, None],
            "c": ["z", "x", "y", "z", "x"],
            "part": ["train", "test", "Validation", "train", "val"],
            "label": ["yes", "no", "no", "no", "yes"],
        }
        meta, arrays = good(tmp_path, written(table), file_format=file_format, target="label", part="part")
        assert [meta.rows(part) for part in ("train", "validation", "test")] == [2, 2, 1]
        # Categories of all parts count, missing values those of the training part alone.
        assert meta.columns == (TableColumn("a", "number", (), 0), TableColumn("c", "category", ("x", "y", "z"), 0))
        np.testing.assert_array_equal(arrays["x_train"], [[1, 2], [4, 2]])
        np.testing.assert_array_equal(arrays["x_validation"], [[NAN, 1], [NAN, 0]])
        np.testing.assert_array_equal(arrays["x_test"], [[2, 0]])
        assert [arrays[f"y_{part}"].tolist() for part in ("train", "validation", "test")] == [[1, 0], [0, 1], [0]]

    def test_weights_groups_and_times(self, tmp_path: Path, file_format: str, written: Callable[..., bytes]) -> None:
        table = {
            "a": [1, 2, 3, 4],
            "patient": ["p2", "p1", "p2", "p3"],
            "when": ["2026-01-02", "2025-12-31", "2026-01-01T12:00:00", "2026-01-01"],
            "w": [1.0, 0.5, 0.0, 2.0],
            "note": ["anything", "at all", "even", "2026-01-01"],
            "y": [0, 1, 1, 0],
        }
        meta, arrays = good(
            tmp_path,
            written(table),
            file_format=file_format,
            target="y",
            group="patient",
            time="when",
            weight="w",
            ignore="note",
        )
        assert meta.feature_names == ("a",)
        assert {name: arrays[name].dtype.name for name in ("w_train", "g_train", "t_train")} == {
            "w_train": "float64",
            "g_train": "int32",
            "t_train": "int64",
        }
        assert arrays["g_train"].tolist() == [1, 0, 1, 2]
        assert arrays["w_train"].tolist() == table["w"]
        assert np.argsort(arrays["t_train"]).tolist() == [1, 3, 2, 0]

    @pytest.mark.parametrize(
        ("values", "order"), [([30, 10, 20], [1, 2, 0]), ([0.3, -0.1, 0.2], [1, 2, 0]), ([5, 5, 4], [2, 0, 1])]
    )
    def test_times_that_are_numbers(
        self, tmp_path: Path, file_format: str, written: Callable[..., bytes], values: list[float], order: list[int]
    ) -> None:
        table = {"a": [1, 2, 3], "t": values, "y": [0, 1, 0]}
        _, arrays = good(tmp_path, written(table), file_format=file_format, target="y", time="t")
        assert np.argsort(arrays["t_train"], kind="stable").tolist() == order

    @pytest.mark.parametrize(
        ("targets", "task", "expected", "dtype"),
        [
            ({"p": [1.5, 2.0], "q": [3.0, 4.5]}, None, "regression", "float64"),
            ({"p": [1, 2], "q": [3, 4]}, None, "regression", "float64"),
            ({"p": [1, 1], "q": [0, 1]}, None, "multilabel", "uint8"),
            ({"p": [True, True], "q": [False, True]}, None, "multilabel", "uint8"),
            ({"p": [1.5, 1.0], "q": [0.0, 1.0]}, None, "regression", "float64"),
            ({"p": [0.0, 1.0], "q": [1.0, 1.0]}, "multilabel", "multilabel", "uint8"),
            ({"p": [1, 1], "q": [0, 1]}, "regression", "regression", "float64"),
        ],
    )
    def test_several_targets(
        self,
        tmp_path: Path,
        file_format: str,
        written: Callable[..., bytes],
        targets: dict[str, list[Any]],
        task: str | None,
        expected: str,
        dtype: str,
    ) -> None:
        content = written({"a": [1.0, 2.0], **targets})
        meta, arrays = good(tmp_path, content, file_format=file_format, target="p, q", task=task)
        assert (meta.task, meta.target_shape, meta.target_names) == (expected, (2,), ("p", "q"))
        assert meta.num_classes == (2 if expected == "multilabel" else None)
        assert meta.class_names == (("p", "q") if expected == "multilabel" else ())
        assert arrays["y_train"].dtype == dtype
        np.testing.assert_array_equal(arrays["y_train"], np.column_stack([targets["p"], targets["q"]]))

    def test_exactly_one_of_several_columns_is_a_class(
        self, tmp_path: Path, file_format: str, written: Callable[..., bytes]
    ) -> None:
        table = {"a": [1, 2, 3], "cat": [1, 0, 0], "dog": [0, 1, 1]}
        meta, arrays = good(tmp_path, written(table), file_format=file_format, target="cat,dog")
        assert (meta.task, meta.class_names, meta.target_shape) == ("classification", ("cat", "dog"), ())
        assert arrays["y_train"].tolist() == [0, 1, 1]

    def test_texts(self, tmp_path: Path, file_format: str, written: Callable[..., bytes]) -> None:
        table = {
            "id": ["a1", "a2", "a3", "a4"],
            "review": ["Grüße an alle", None, "so bad", "日本"],
            "part": ["train", "train", "train", "test"],
            "label": ["good", "bad", "bad", "good"],
        }
        meta, arrays = good(
            tmp_path, written(table), file_format=file_format, target="label", text="review", part="part"
        )
        assert (meta.kind, meta.input_shape, meta.feature_names, meta.columns) == ("text", (), (), ())
        assert (meta.scale, meta.class_names) == ("none", ("bad", "good"))
        assert [meta.rows(part) for part in ("train", "validation", "test")] == [3, 0, 1]
        assert arrays["offsets_train"].dtype == np.int64
        assert texts_of(arrays, "train") == ["Grüße an alle", "", "so bad"]
        assert texts_of(arrays, "test") == ["日本"]


def texts_of(arrays: dict[str, np.ndarray], part: str) -> list[str]:
    data, offsets = arrays[f"x_{part}"], arrays[f"offsets_{part}"]
    assert data.dtype == np.uint8
    return [data[start:end].tobytes().decode() for start, end in itertools.pairwise(offsets)]


def test_equal_tables_have_equal_fingerprints_whatever_the_format(tmp_path: Path) -> None:
    table: dict[str, list[Any]] = {
        "a": [1.0, None, 3.0],
        "c": ["y", "x", "y"],
        "b": [True, False, None],
        "label": ["p", "q", "p"],
    }
    prints = set()
    contents = {"csv": csv(table), "parquet": parquet(table), "dictionary": parquet(
        pa.table({**table, "c": pa.array(table["c"]).dictionary_encode()}))}  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).mkdir()
        file_format = "csv" if name == "csv" else "parquet"
        prints.add(good(tmp_path / name, content, file_format=file_format, target="label")[0].fingerprint())
    assert len(prints) == 1
    (tmp_path / "other").mkdir()
    other = csv({**table, "c": ["v", "u", "v"]})
    assert good(tmp_path / "other", other, file_format="csv", target="label")[0].fingerprint() not in prints


def test_a_table_of_plain_numbers_is_equal_to_the_same_array(tmp_path: Path) -> None:
    x, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])
    prints = set()
    for name, content, options in (
        ("npz", npz(x=x, y=y), {}),
        ("csv", b"a,b,y\n0,1,0\n2,3,1\n4,5,0\n", {"target": "y"}),
        ("parquet", parquet({"a": x[:, 0], "b": x[:, 1], "y": y}), {"target": "y"}),
    ):
        (tmp_path / name).mkdir()
        prints.add(good(tmp_path / name, content, file_format=name, **options)[0].fingerprint())
    assert len(prints) == 1


class TestCsv:
    @pytest.mark.parametrize("missing", ["", "NA", "na", "N/A", "#N/A", "nan", "NaN", "null", "NULL", "?", "  "])
    def test_words_for_missing(self, tmp_path: Path, missing: str) -> None:
        content = f"a,c,y\n1,red,0\n{missing},{missing},1\n".encode()
        meta, arrays = good(tmp_path, content, file_format="csv", target="y")
        assert [column.missing for column in meta.columns] == [1, 1]
        assert np.isnan(arrays["x_train"][1]).all()

    @pytest.mark.parametrize("text", ["none", "-", "nil", "nothing", "1_000", "=1+1", "<b>", "0x10"])
    def test_other_words_are_categories(self, tmp_path: Path, text: str) -> None:
        meta, _ = good(tmp_path, f"a,y\n{text},0\nother,1\n".encode(), file_format="csv", target="y")
        assert meta.columns[0].categories == tuple(sorted((text, "other")))

    def test_numbers_beside_true_and_false_stay_numbers(self, tmp_path: Path) -> None:
        meta, arrays = good(tmp_path, b"a,y\n3,0\nTRUE,1\nfalse,0\n", file_format="csv", target="y")
        assert meta.columns == (TableColumn("a", "number"),)
        assert arrays["x_train"].tolist() == [[3], [1], [0]]

    def test_a_column_that_turns_out_to_be_categories_far_down(self, tmp_path: Path) -> None:
        rows = 60_000
        cells = [str(n % 5) if n < rows // 2 else "abcde"[n % 5] for n in range(rows)]
        content = "a,b,y\n" + "".join(f"{cell},{n % 7},{n % 2}\n" for n, cell in enumerate(cells))
        meta, arrays = good(tmp_path, content.encode(), file_format="csv", target="y")
        column = meta.columns[0]
        assert column == TableColumn("a", "category", tuple("01234abcde"))
        assert [column.categories[int(code)] for code in arrays["x_train"][:, 0]] == cells
        np.testing.assert_array_equal(arrays["x_train"][:, 1], np.arange(rows) % 7)

    def test_as_many_categories_as_allowed(self, tmp_path: Path) -> None:
        content = "c,y\n" + "".join(f"t{n},{n % 2}\n" for n in range(MAX_CATEGORIES))
        meta, _ = good(tmp_path, content.encode(), file_format="csv", target="y")
        assert len(meta.columns[0].categories) == MAX_CATEGORIES

    def test_texts_over_several_lines(self, tmp_path: Path) -> None:
        content = b'text,y\n"first line\nsecond, with a ""word""",0\nplain,1\n'
        _, arrays = good(tmp_path, content, file_format="csv", target="y", text="text")
        assert texts_of(arrays, "train") == ['first line\nsecond, with a "word"', "plain"]
        (tmp_path / "bad").mkdir()
        reply, _ = read(tmp_path / "bad", content + b"more,\n", file_format="csv", target="y", text="text")
        assert reply.faults[0].detail.startswith("Line 5, column 'y' has no value")

    def test_a_column_whose_name_has_a_comma(self, tmp_path: Path) -> None:
        content = b'a,"x,y",b\n1,0,2\n3,1,4\n'
        meta, _ = good(tmp_path, content, file_format="csv", target="x,y")
        assert meta.feature_names == ("a", "b")


ROWS = 3
NESTED = {
    "list": pa.array([[1]] * ROWS),
    "struct": pa.array([{"a": 1}] * ROWS),
    "map": pa.array([[("k", 1)]] * ROWS, type=pa.map_(pa.string(), pa.int64())),
    "decimal": pa.array([Decimal("1.5")] * ROWS, type=pa.decimal256(76, 2)),
    "binary": pa.array([b"x"] * ROWS),
    "time of day": pa.array([dt.time(1)] * ROWS),
    "duration": pa.array([dt.timedelta(1)] * ROWS),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16] * ROWS, pa.binary(16))),
}
PLAIN = {"a": [1.0, 2.0, 3.0], "y": [0, 1, 0]}


@dataclass(frozen=True)
class Bad:
    name: str
    content: Callable[[], bytes]
    code: str
    says: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def cut(content: bytes, start: int, end: int) -> bytes:
    return content[:start] + content[end:]


def with_footer_length(length: int) -> bytes:
    return parquet(PLAIN)[:-8] + struct.pack("<L", length) + b"PAR1"


def claiming(rows: int, *, times: int = -1) -> bytes:
    """A file whose footer says another number of rows, in its first places only or in all.

    Thrift's compact integers are zigzag, 7 bits a byte.
    """
    content = parquet({"a": [1.0] * 1000, "y": [0, 1] * 500})

    def varint(value: int) -> bytes:
        value <<= 1
        out = bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    said = varint(1000)
    length = struct.unpack("<L", content[-8:-4])[0]
    body, footer = content[: -8 - length], content[-8 - length : -8]
    assert said in footer
    footer = footer.replace(said, varint(rows), times)
    return body + footer + struct.pack("<L", len(footer)) + b"PAR1"


def nested(array: Any) -> bytes:
    return parquet(pa.table({**PLAIN, "x": array}))


BAD = [
    Bad("empty", lambda: b"", "corrupt_file"),
    Bad("csv named parquet", lambda: csv({"a": [1], "y": [2]}), "content_mismatch"),
    Bad("npz named parquet", lambda: npz(x=[1], y=[2]), "content_mismatch"),
    Bad("magic alone", lambda: b"PAR1PAR1", "corrupt_file"),
    Bad("cut short", lambda: parquet(PLAIN)[:-20], "corrupt_file"),
    Bad("encrypted", lambda: parquet(PLAIN)[:-4] + b"PARE", "parquet_rejected", ("encrypted",)),
    Bad("footer of no length", lambda: with_footer_length(0), "parquet_rejected", ("footer",)),
    Bad("footer longer than the file", lambda: with_footer_length(10**6), "parquet_rejected", ("footer",)),
    Bad("footer of 4 GB", lambda: with_footer_length(2**32 - 1), "parquet_rejected", ("footer",)),
    Bad("footer shorter than it is", lambda: with_footer_length(50), "parquet_rejected", ("footer",)),
    Bad("10^10 rows claimed", lambda: claiming(10**10), "too_large", ("10000000000 rows",)),
    Bad("fewer rows claimed", lambda: claiming(999, times=1), "parquet_rejected"),
    Bad("pages gone", lambda: cut(parquet(PLAIN), 4, 60) + b"", "parquet_rejected"),
    Bad("10^4 groups and one", lambda: parquet({"a": range(10_001), "y": [0] * 10_001}, row_group_size=1), "too_many"),
    Bad("10^4 columns and one", lambda: parquet({f"c{n}": [1] for n in range(10_001)}), "too_many"),
    Bad("same column twice", lambda: parquet(pa.table([[1, 2], [3, 4]], names=["a", "a"])), "parquet_rejected",
        ("'a'",)),
    Bad("column without a name", lambda: parquet({"": [1], "y": [1]}), "parquet_rejected", ("column 1",)),
    Bad("date", lambda: parquet({**PLAIN, "d": [dt.date(2026, 1, 1)] * ROWS}), "parquet_rejected",
        ("'d'", "`time`", "`ignore`")),
    Bad("timestamp", lambda: parquet({**PLAIN, "d": [dt.datetime(2026, 1, 1)] * ROWS}), "parquet_rejected", ("dates",)),
    *(
        Bad(name, partial(nested, array), "parquet_rejected", ("'x'", "ignore"))
        for name, array in NESTED.items()
    ),
    Bad("list as target", lambda: parquet({"a": [1, 2], "y": [[1], [2]]}), "parquet_rejected", ("'y'",)),
    Bad("no rows", lambda: parquet({"a": pa.array([], pa.int64()), "y": pa.array([], pa.int64())}), "empty_dataset"),
    Bad("infinite", lambda: parquet({**PLAIN, "a": [1.0, float("inf"), 2.0]}), "not_finite", ("Row 2", "'a'")),
    Bad("too large for 32 bits", lambda: parquet({**PLAIN, "a": [1.0, 2.0, 1e300]}), "not_finite", ("Row 3",)),
    Bad("target missing", lambda: parquet({**PLAIN, "y": [0, None, 1]}), "parquet_rejected", ("Row 2", "'y'")),
    Bad("target NaN", lambda: parquet({**PLAIN, "y": [0.5, NAN, 1]}), "not_finite"),
    Bad("nothing but nulls", lambda: parquet({**PLAIN, "n": pa.nulls(ROWS)}), "parquet_rejected", ("'n'", "no value")),
    Bad("too many categories", lambda: parquet({"c": [f"t{n}" for n in range(1001)], "y": [0, 1, 0] * 333 + [1, 0]}),
        "too_many", ("'c'",)),
    Bad("dates as text", lambda: parquet({**PLAIN, "d": ["2026-01-01"] * ROWS}), "parquet_rejected", ("Row 1", "'d'")),
    Bad("unknown target", lambda: parquet(PLAIN), "unknown_column", ("'y'",), {"target": "yy"}),
    Bad("no target named", lambda: parquet(PLAIN), "target_required", ("'y'",), {"target": None}),
    Bad("more than allowed", lambda: parquet({"a": [0.0] * 20_000, "b": [0.0] * 20_000, "y": [0, 1] * 10_000}),
        "too_large", (), {"max_bytes": 200_000}),
    Bad("one class", lambda: parquet({**PLAIN, "y": ["a"] * ROWS}), "single_class"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_parquet_is_refused(tmp_path: Path, bad: Bad) -> None:
    reply, _ = read(tmp_path, bad.content(), file_format="parquet", **{"target": "y", **bad.options})
    assert reply.meta is None
    assert [fault.code for fault in reply.faults] == [bad.code], reply.faults
    for words in bad.says:
        assert words in reply.faults[0].detail
    assert str(tmp_path) not in reply.faults[0].detail
    assert {path.name for path in tmp_path.iterdir()} == {"upload", "arrays"}


class TestParquet:
    @pytest.mark.parametrize(
        "kind", [pa.int8(), pa.uint16(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()]
    )
    def test_every_kind_of_number(self, tmp_path: Path, kind: pa.DataType) -> None:
        values = pa.array([1, None, 3]).cast(pa.float32()).cast(kind) if kind != pa.float16() else pa.array(
            [np.float16(1), None, np.float16(3)], kind)  # fmt: skip
        meta, arrays = good(tmp_path, parquet({"a": values, "y": [0, 1, 0]}), file_format="parquet", target="y")
        assert meta.columns == (TableColumn("a", "number", (), 1),)
        np.testing.assert_array_equal(arrays["x_train"], [[1], [NAN], [3]])

    @pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
    @pytest.mark.parametrize("dictionary", [True, False])
    def test_every_packing(self, tmp_path: Path, compression: str, dictionary: bool) -> None:
        table: dict[str, Any] = {"a": np.arange(3000.0), "c": ["x", "y", "z"] * 1000, "y": [0, 1] * 1500}
        content = parquet(table, compression=compression, use_dictionary=dictionary, row_group_size=700)
        meta, arrays = good(tmp_path, content, file_format="parquet", target="y")
        assert meta.columns[1].categories == ("x", "y", "z")
        np.testing.assert_array_equal(arrays["x_train"], np.column_stack([table["a"], np.arange(3000) % 3]))

    def test_dates_as_time_and_pandas_index_and_what_is_left_out(self, tmp_path: Path) -> None:
        for number, kind in enumerate([pa.date32(), pa.timestamp("ns"), pa.timestamp("ms", tz="Europe/Berlin")]):
            (tmp_path / str(number)).mkdir()
            when = pa.array([dt.datetime(2026, 1, day) for day in (3, 1, 2)]).cast(kind)
            table = {"a": [1, 2, 3], "when": when, "tags": [["t"]] * 3, "y": [0, 1, 0], "__index_level_0__": [7, 8, 9]}
            meta, arrays = good(
                tmp_path / str(number),
                parquet(table),
                file_format="parquet",
                target="y",
                time="when",
                ignore="tags",
            )
            assert meta.feature_names == ("a",)
            assert np.argsort(arrays["t_train"]).tolist() == [1, 2, 0]

    def test_labels_of_every_kind(self, tmp_path: Path) -> None:
        for name, values, names in (
            ("text", ["b", "a", "b"], ("a", "b")),
            ("boolean", [True, False, True], ("false", "true")),
            ("whole", [7, 3, 7], ("3", "7")),
            ("dictionary", pa.array(["b", "a", "b"]).dictionary_encode(), ("a", "b")),
        ):
            (tmp_path / name).mkdir()
            content = parquet({"a": [1, 2, 3], "y": values})
            meta, arrays = good(tmp_path / name, content, file_format="parquet", target="y")
            assert (meta.task, meta.class_names) == ("classification", names)
            assert arrays["y_train"].tolist() == [1, 0, 1]

    def test_a_dictionary_whose_codes_lead_nowhere_is_refused(self, tmp_path: Path) -> None:
        """Damage anywhere in the pages ends in a refusal, or leaves data that are whole; never in something else."""
        content = parquet({"c": ["x", "y", "z"] * 50, "y": [0, 1] * 75}, compression="none")
        codes = set()
        for place in range(4, len(content) - 8, 7):
            folder = tmp_path / str(place)
            folder.mkdir()
            damaged = bytearray(content)
            damaged[place] ^= 0xFF
            reply, _ = read(folder, bytes(damaged), file_format="parquet", target="y")
            assert (reply.meta is None) == bool(reply.faults)
            codes |= {fault.code for fault in reply.faults}
        assert "parquet_rejected" in codes
