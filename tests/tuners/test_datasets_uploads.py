"""What becomes of uploads: good ones are understood, hostile ones refused with the place and the reason."""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tuners.dataset_files import Entry, archive, member, npy, npy_claiming, npy_with_header, npz, zip_of
from tuners.datasets.__main__ import _answer
from tuners.datasets.options import OPTIONS
from tuners.datasets.wire import Meta, Reply, Request

Y = np.array([0, 1, 0, 1])
X = np.arange(12, dtype=np.float32).reshape(4, 3)
X_NPY, Y_NPY = npy(X), npy(Y)
CSV = "a,b,label\n1,2,0\n3,4,1\n5,6,0\n"


@dataclass(frozen=True)
class Bad:
    """A file that must be refused with `code`; `says` are words its reason must hold."""

    name: str
    content: bytes | Callable[[], bytes]
    code: str
    says: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def bytes(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content()


def read(tmp_path: Path, content: bytes, *, file_format: str, **options: Any) -> tuple[Reply, Path]:
    """The child's answer to an upload, asked in this process (its limits are tested with the real one)."""
    upload = tmp_path / "upload"
    upload.write_bytes(content)
    folder = tmp_path / "arrays"
    folder.mkdir()
    work = {
        "kind": "upload",
        "path": str(upload),
        "file_format": file_format,
        "max_bytes": 64 << 20,
        "max_cpu_s": 60,
        "max_memory_bytes": 1 << 30,
        **options,
    }
    return _answer(Request.model_validate({"folder": str(folder), "work": work})), folder


def good(tmp_path: Path, content: bytes, *, file_format: str, **options: Any) -> tuple[Meta, dict[str, np.ndarray]]:
    reply, folder = read(tmp_path, content, file_format=file_format, **options)
    assert reply.faults == ()
    assert reply.meta is not None
    arrays = {path.stem: np.load(path, allow_pickle=False) for path in folder.iterdir()}
    assert set(arrays) == set(reply.meta.arrays)
    return reply.meta, arrays


def nested(depth: int) -> str:
    return "(" * depth + ")" * depth


BAD_NPZ = [
    # What is no archive, or only half of one.
    Bad("csv named npz", CSV.encode(), "content_mismatch"),
    Bad("png with an archive behind it", archive(member("x.npy", X_NPY), before=b"\x89PNG\r\n"), "content_mismatch"),
    Bad("empty", b"", "content_mismatch"),
    Bad("magic only", b"PK\x03\x04", "corrupt_file"),
    Bad("cut in half", npz(x=X, y=Y)[:200], "corrupt_file"),
    Bad("end record cut", npz(x=X, y=Y)[:-3], "corrupt_file"),
    Bad("data behind the end", archive(member("x.npy", X_NPY), after=b"\x89PNG"), "archive_rejected"),
    Bad("directory not where it is said", archive(member("x.npy", X_NPY), moved=1), "archive_rejected"),
    Bad("fewer entries than said", archive(member("x.npy", X_NPY), says_count=2), "corrupt_file"),
    Bad("more entries than said", archive(member("x.npy", X_NPY), member("y.npy", Y_NPY), says_count=1),
        "corrupt_file"),
    Bad("zip64 says another number", archive(member("x.npy", X_NPY), zip64_count=2), "archive_rejected"),
    # Members.
    Bad("a million members", lambda: archive(*[member(f"{n}.npy", b"") for n in range(65_000)]), "too_many"),
    Bad("zip64 says 10^12 members", archive(member("x.npy", X_NPY), says_count=0xFFFF, zip64_count=10**12), "too_many"),
    Bad("same name twice", archive(member("x.npy", X_NPY), member("x.npy", X_NPY)), "corrupt_file"),
    Bad("case twins", archive(member("x.npy", X_NPY), member("X.npy", X_NPY)), "archive_rejected"),
    Bad("encrypted", archive(member("x.npy", X_NPY, flags=1)), "archive_rejected", ("encrypted",)),
    Bad("lzma", archive(member("x.npy", X_NPY, method=14)), "archive_rejected"),
    Bad("nested archive", archive(member("x.zip", npz(x=X))), "archive_rejected", ("another archive",)),
    Bad("text inside", archive(member("readme.txt", b"hello")), "corrupt_file"),
    Bad("folder inside", archive(member("a/x.npy", X_NPY)), "corrupt_file"),
    Bad("symbolic link", archive(member("x.npy", b"/etc/passwd", mode=0o120777)), "archive_rejected"),
    Bad("device", archive(member("x.npy", b"", mode=0o020666)), "archive_rejected"),
    Bad("zip slip", archive(member("../../etc/cron.d/x.npy", X_NPY)), "archive_rejected"),
    Bad("slip inside", archive(member("a/../../x.npy", X_NPY)), "archive_rejected"),
    Bad("absolute", archive(member("/etc/x.npy", X_NPY)), "archive_rejected"),
    Bad("drive", archive(member("C:x.npy", X_NPY)), "archive_rejected"),
    Bad("backslash", archive(member("..\\x.npy", X_NPY)), "archive_rejected"),
    Bad("NUL in a name", archive(member("x\0.npy", X_NPY)), "archive_rejected"),
    Bad("300 bytes of name", archive(member("x" * 300 + ".npy", X_NPY)), "archive_rejected"),
    Bad("name not UTF-8", archive(Entry(b"\xff\xfe.npy", X_NPY)), "archive_rejected"),
    Bad("other local name", archive(member("x.npy", X_NPY, local_name=b"z.npy")), "archive_rejected", ("twice",)),
    # Bombs.
    Bad("ratio 1,000 to 1", archive(member("x.npy", b"\0" * (20 << 20))), "archive_rejected", ("savez",)),
    Bad("sum too large", archive(*[member(f"{n}.npy", b"", says_size=2 << 20, says_packed=2 << 20) for n in range(40)]),
        "too_large"),
    Bad("larger than said", archive(member("x.npy", X_NPY + b"\0" * 5000, says_size=len(X_NPY)),
                                    member("y.npy", Y_NPY)), "archive_rejected", ("larger",)),
    Bad("smaller than said", archive(member("x.npy", X_NPY[:-4], says_size=len(X_NPY)), member("y.npy", Y_NPY)),
        "corrupt_file"),
    Bad("overlap", archive(member("x.npy", X_NPY), member("y.npy", Y_NPY, offset=0)), "archive_rejected"),
    Bad("packed size past the next", archive(member("x.npy", X_NPY, says_packed=5000), member("y.npy", Y_NPY)),
        "archive_rejected", ("overlaps",)),
    Bad("wrong checksum", archive(member("x.npy", X_NPY, says_crc=1), member("y.npy", Y_NPY)), "corrupt_file"),
    Bad("not deflate", archive(member("x.npy", X_NPY, packed=b"\xff" * 90), member("y.npy", Y_NPY)), "corrupt_file"),
    Bad("64-bit size missing", archive(member("x.npy", X_NPY, says_size=0xFFFFFFFF)), "archive_rejected"),
    Bad("64-bit offset", archive(member("x.npy", X_NPY), member("y.npy", Y_NPY, offset=0xFFFFFFFF,
                                                                extra=struct.pack("<2HQ", 1, 8, 2**64 - 1))),
        "corrupt_file", ("behind",)),
    # Arrays.
    Bad("no arrays", archive(), "missing_array", ("no arrays",)),
    Bad("pickled objects", npz(x=np.array([{}, {}], dtype=object), y=[0, 1]), "dtype_not_allowed", ("x_train",)),
    Bad("object dtype by hand", zip_of(x=npy_claiming("'|O'", "(4,)"), y=Y_NPY), "dtype_not_allowed"),
    Bad("structured dtype", zip_of(x=npy_claiming("[('a', '<f4')]", "(4,)"), y=Y_NPY), "dtype_not_allowed"),
    Bad("complex", npz(x=X.astype(complex), y=Y), "dtype_not_allowed"),
    Bad("dates", npz(x=X.astype("datetime64[s]"), y=Y), "dtype_not_allowed"),
    Bad("text in one part only", npz(x=np.array(["a", "b"]), y=[0, 1], x_test=X, y_test=Y), "dtype_not_allowed"),
    Bad("text matrix", npz(x=np.array([["a", "b"]] * 2), y=[0, 1]), "shape_mismatch"),
    Bad("empty texts", npz(x=np.array(["", ""]), y=[0, 1]), "empty_dataset"),
    Bad("text scaled", npz(x=np.array(["a", "b"]), y=[0, 1]), "not_applicable", options={"scale": "0-1"}),
    Bad("what is no character", zip_of(x=npy_claiming("'<U2'", "(2,)", b"\xff" * 16), y=npy([0, 1])), "corrupt_file",
        ("no character",)),
    Bad("half a surrogate pair", zip_of(x=npy_claiming("'<U1'", "(2,)", b"\x00\xd8\0\0" * 2), y=npy([0, 1])),
        "corrupt_file"),
    Bad("bytes labels", npz(x=X, y=np.array([b"a"] * 4)), "dtype_not_allowed", ("y_train",)),
    Bad("very long text", zip_of(x=X_NPY, y=npy_claiming("'<U99999'", "(4,)")), "dtype_not_allowed"),
    Bad("shape of 10^12", zip_of(x=npy_claiming("'<f4'", "(1000000000000,)"), y=Y_NPY), "shape_mismatch"),
    Bad("negative shape", zip_of(x=npy_claiming("'<f4'", "(-4,)"), y=Y_NPY), "shape_mismatch"),
    Bad("product over 2^63", zip_of(x=npy_claiming("'<f4'", "(4294967296, 4294967296)"), y=Y_NPY), "shape_mismatch"),
    Bad("33 axes", zip_of(x=npy_claiming("'<f4'", str((1,) * 33)), y=Y_NPY), "shape_mismatch"),
    Bad("boolean in the shape", zip_of(x=npy_claiming("'<f4'", "(True, 16)"), y=Y_NPY), "shape_mismatch"),
    Bad("float in the shape", zip_of(x=npy_claiming("'<f4'", "(4.0,)"), y=Y_NPY), "shape_mismatch"),
    Bad("one byte too many", zip_of(x=X_NPY + b"\0", y=Y_NPY), "shape_mismatch"),
    Bad("one byte too few", zip_of(x=X_NPY[:-1], y=Y_NPY), "shape_mismatch"),
    Bad("Fortran lie", zip_of(x=npy_claiming("'<f4'", "(16,)", fortran=True) + b"\0", y=Y_NPY), "shape_mismatch"),
    Bad("header of 1 MB", zip_of(x=npy_with_header(b" " * 10**6, version=2), y=Y_NPY), "corrupt_file"),
    Bad("header says 4 GB", zip_of(x=npy_with_header("{}", version=2, length=2**32 - 1), y=Y_NPY), "corrupt_file"),
    Bad("malicious literal", zip_of(x=npy_with_header("{'descr':'<f4','shape':(('x'*10**9),)}"), y=Y_NPY),
        "corrupt_file"),
    Bad("call in the header", zip_of(x=npy_claiming("__import__('os').getcwd()", "(4,)"), y=Y_NPY), "corrupt_file"),
    Bad("deep header", zip_of(x=npy_with_header(nested(4000)), y=Y_NPY), "corrupt_file"),
    Bad("header is a list", zip_of(x=npy_with_header("[]"), y=Y_NPY), "corrupt_file"),
    Bad("unknown version", zip_of(x=npy_with_header("{}", version=9), y=Y_NPY), "corrupt_file"),
    Bad("header cut short", zip_of(x=X_NPY[:40], y=Y_NPY), "corrupt_file"),
    Bad("empty member", zip_of(x=b"", y=Y_NPY), "corrupt_file"),
    Bad("csv inside", zip_of(x=CSV.encode(), y=Y_NPY), "corrupt_file"),
    Bad("no x", npz(y=Y), "missing_array", ("x_train", "it holds y_train")),
    Bad("no y", npz(x=X), "missing_array", ("y_train",)),
    Bad("test half there", npz(x=X, y=Y, x_test=X), "missing_array", ("y_test",)),
    Bad("misspelt name", npz(x=X, y=Y, x_tset=X), "unexpected_array", ("x_tset", "x_test")),
    Bad("two names for one", npz(x=X, y=Y, x_train=X), "unexpected_array", ("twice",)),
    Bad("labels of no length", zip_of(x=X_NPY, y=npy_claiming("'<U0'", "(4,)", b"")), "single_class"),
    Bad("single number", npz(x=X, y=5), "shape_mismatch"),
    # Contents.
    Bad("rows differ", npz(x=X, y=[0, 1, 0]), "row_mismatch", ("4 rows", "3")),
    Bad("rows differ in the test part", npz(x=X, y=Y, x_test=X, y_test=[0]), "row_mismatch", ("x_test",)),
    Bad("no rows", npz(x=np.zeros((0, 3)), y=np.zeros(0)), "empty_dataset"),
    Bad("no features", npz(x=np.zeros((4, 0)), y=Y), "empty_dataset"),
    Bad("parts differ in shape", npz(x=X, y=Y, x_test=X[:, :2], y_test=Y), "shape_mismatch", ("x_test",)),
    Bad("seven axes", npz(x=np.zeros((4, 1, 1, 1, 1, 1, 1)), y=Y), "shape_mismatch"),
    Bad("targets of two axes", npz(x=X, y=np.zeros((4, 2, 2))), "shape_mismatch", ("y_train (4, 2, 2)",)),
    Bad("targets differ in number", npz(x=X, y=X[:, :2], x_test=X, y_test=X), "shape_mismatch", ("y_test (4, 3)",)),
    Bad("text labels in columns", npz(x=X, y=np.array([["a", "b"]] * 4)), "dtype_not_allowed"),
    Bad("labels that are numbers", npz(x=X, y=X[:, :2]), "task_mismatch", options={"task": "multilabel"}),
    Bad("one column of labels", npz(x=X, y=Y), "task_mismatch", options={"task": "multilabel"}),
    Bad("classes in several columns", npz(x=X, y=np.ones((4, 2), int)), "task_mismatch", ("multilabel",),
        {"task": "classification"}),
    Bad("all labels alike", npz(x=X, y=np.array([[1, 1, 0]] * 4)), "single_class"),
    Bad("target names do not fit", npz(x=X, y=X[:, :2], target_names=["a"]), "shape_mismatch"),
    # Weights, groups, times.
    Bad("weights of another length", npz(x=X, y=Y, w=[1.0]), "row_mismatch", ("w_train",)),
    Bad("negative weight", npz(x=X, y=Y, sample_weight=[1, 1, -1, 1]), "invalid_weight"),
    Bad("no weight at all", npz(x=X, y=Y, w_train=np.zeros(4)), "invalid_weight"),
    Bad("NaN as weight", npz(x=X, y=Y, w=[1, 1, np.nan, 1]), "not_finite", ("w_train", "row 2")),
    Bad("text as weight", npz(x=X, y=Y, w=["a"] * 4), "dtype_not_allowed"),
    Bad("weights of the test part alone", npz(x=X, y=Y, x_test=X, y_test=Y, w_test=np.ones(4)), "missing_array"),
    Bad("weights without a part", npz(x=X, y=Y, w=np.ones(4), w_test=np.ones(4)), "missing_array", ("x_test",)),
    Bad("weight matrix", npz(x=X, y=Y, w=np.ones((4, 2))), "shape_mismatch"),
    Bad("one group", npz(x=X, y=Y, groups=["a"] * 4), "single_group"),
    Bad("groups of fractions", npz(x=X, y=Y, groups=[0.5, 1, 2, 3]), "shape_mismatch", ("g_train",)),
    Bad("groups of another length", npz(x=X, y=Y, groups=[1, 2]), "row_mismatch", ("g_train",)),
    Bad("times without an order", npz(x=X, y=Y, times=[1, np.nan, 2, 3]), "not_finite", ("t_train",)),
    Bad("text as time", npz(x=X, y=Y, times=["a"] * 4), "dtype_not_allowed"),
    Bad("times beyond 64 bits", npz(x=X, y=Y, times=np.array([2**63] * 4, dtype=np.uint64)), "dtype_not_allowed"),
    # Several inputs and targets.
    Bad("named beside unnamed", npz(**{"x_train": X, "x.a_train": X, "y": Y}), "unexpected_array", ("name them all",)),
    Bad("one named input", npz(**{"x.a_train": X, "y": Y}), "unexpected_array", ("x_train",)),
    Bad("one named target", npz(**{"x": X, "y.a_train": Y}), "unexpected_array", ("y_train",)),
    Bad("named input missing in a part", npz(**{"x.a_train": X, "x.b_train": X, "y": Y, "x.a_test": X, "y_test": Y}),
        "missing_array", ("x.b_test",)),
    Bad("named input more in a part", npz(**{"x.a_train": X, "x.b_train": X, "y": Y, "x.a_test": X, "x.b_test": X,
                                             "x.c_test": X, "y_test": Y}), "missing_array", ("x.c_train",)),
    Bad("unnamed in the test part", npz(**{"x.a_train": X, "x.b_train": X, "y": Y, "x_test": X, "y_test": Y}),
        "missing_array"),
    Bad("named inputs differ in rows", npz(**{"x.a_train": X, "x.b_train": X[:3], "y": Y}), "row_mismatch",
        ("x.b_train",)),
    Bad("text among inputs", npz(**{"x.a_train": X, "x.b_train": np.array(["a"] * 4), "y": Y}), "dtype_not_allowed"),
    Bad("task of several targets", npz(**{"x": X, "y.a_train": Y, "y.b_train": Y}), "not_applicable", ("named",),
        {"task": "classification"}),
    Bad("class names of several targets", npz(**{"x": X, "y.a_train": Y, "y.b_train": Y, "class_names": ["a", "b"]}),
        "unexpected_array"),
    Bad("odd name of an input", npz(**{"x.1a_train": X, "x.b_train": X, "y": Y}), "unexpected_array"),
    Bad("named input of no part", npz(**{"x.a": X, "x.b_train": X, "y": Y}), "unexpected_array"),
    Bad("NaN", npz(x=np.where(X == 7, np.nan, X), y=Y), "not_finite", ("x_train", "row 2")),
    Bad("infinity", npz(x=np.where(X == 3, -np.inf, X), y=Y), "not_finite", ("row 1",)),
    Bad("too large for 32 bit", npz(x=np.full((4, 3), 1e300), y=Y), "not_finite", ("row 0",)),
    Bad("NaN in the targets", npz(x=X, y=[0.5, np.nan, 1.5, 2]), "not_finite", ("y_train", "row 1")),
    Bad("NaN in the test part", npz(x=X, y=Y, x_test=X * np.nan, y_test=Y), "not_finite", ("x_test",)),
    Bad("one class", npz(x=X, y=[3, 3, 3, 3]), "single_class"),
    Bad("halves as classes", npz(x=X, y=[0.5, 1, 2, 1]), "task_mismatch", options={"task": "classification"}),
    Bad("text as numbers", npz(x=X, y=["a", "b", "a", "b"]), "task_mismatch", options={"task": "regression"}),
    Bad("too many classes", lambda: npz(x=np.zeros((10_001, 1)), y=np.arange(10_001)), "too_many",
        options={"task": "classification"}),
    Bad("names do not fit", npz(x=X, y=Y, feature_names=["a"]), "shape_mismatch", ("feature_names",)),
    Bad("too few class names", npz(x=X, y=Y, class_names=["a"]), "shape_mismatch", ("class_names",)),
    Bad("class names are numbers", npz(x=X, y=Y, class_names=[1, 2]), "dtype_not_allowed"),
]  # fmt: skip

BAD_CSV = [
    Bad("empty", b"", "corrupt_file"),
    Bad("npz named csv", npz(x=X, y=Y), "content_mismatch"),
    Bad("npy named csv", X_NPY, "content_mismatch"),
    Bad("gzip", b"\x1f\x8b\x08\x00\x00\x00", "content_mismatch"),
    Bad("pickle", b"\x80\x04\x95\x00\x00", "content_mismatch"),
    Bad("header only", b"a,b,label\n", "empty_dataset"),
    Bad("no header", b"1,2,0\n3,4,1\n", "csv_rejected", ("Line 1", "header")),
    Bad("one column", b"label\n1\n", "csv_rejected", ("Line 1",)),
    Bad("blank first line", b"\na,label\n", "csv_rejected", ("Line 1",)),
    Bad("ragged, short", b"a,b,label\n1,2,0\n3,4\n", "csv_rejected", ("Line 3", "2 cells", "3")),
    Bad("ragged, long", b"a,b,label\n1,2,0,9\n", "csv_rejected", ("Line 2", "4 cells")),
    Bad("unterminated quote", lambda: b'a,b,label\n1,2,0\n"' + b"1,2,0\n" * 500_000, "csv_rejected", ("Line 3",)),
    Bad("quote over two lines", b'a,b,label\n1,"2\n3",0\n1,2,1\n', "csv_rejected", ("Line 2", "same line")),
    Bad("garbage after a quote", b'a,b,label\n1,"2"x,0\n', "csv_rejected", ("Line 2",)),
    Bad("line of 2 MB", lambda: b"a,b,label\n" + b"1" * (2 << 20) + b",2,0\n", "csv_rejected", ("Line 2", "longer")),
    Bad("long cell", b"a,b,label\n" + b"1" * 2000 + b",2,0\n", "csv_rejected", ("Line 2",)),
    Bad("NUL", b"a,b,label\n1,\x002,0\n", "csv_rejected", ("Line 2",)),
    Bad("UTF-16", CSV.encode("utf-16"), "csv_rejected", ("Line 1", "UTF-16")),
    Bad("Latin-1", "a,größe,label\n1,2,0\n".encode("latin-1"), "csv_rejected", ("Line 1", "UTF-8")),
    Bad("Latin-1 below", "a,b,label\n1,2,ä\n".encode("latin-1"), "csv_rejected", ("Line 2", "UTF-8")),
    Bad("10^5 columns", lambda: ",".join(f"c{n}" for n in range(100_000)).encode() + b"\n", "too_many", ("100000",)),
    Bad("same column twice", b"a,a,label\n1,2,0\n", "csv_rejected", ("Line 1", "'a'")),
    Bad("column without a name", b"a,,label\n1,2,0\n", "csv_rejected", ("Line 1", "column 2")),
    Bad("date column", b"a,b,label\n1,2026-01-01,0\n", "csv_rejected", ("Line 2", "'b'")),
    Bad("decimal comma", b"a;b;label\n1,5;2;0\n", "csv_rejected", ("Line 2", "'a'", "point")),
    Bad("no value at all", b"a,b,label\n1,,0\n3,?,1\n", "csv_rejected", ("'b'", "no value")),
    Bad("missing target", b"a,b,label\n1,2,0\n3,4,\n", "csv_rejected", ("Line 3", "'label'", "no value")),
    Bad("comma for decimals", b"a;b;label\n1,5;2;0\n3;4;1\n", "csv_rejected", ("Line 2", "'a'", "point")),
    Bad("a text among 30 numbers", lambda: b"a,label\n" + b"".join(b"%d,x\n%d,y\n" % (n, n) for n in range(30))
        + b"oops,x\n", "csv_rejected", ("Line 62", "'oops'", "missing value")),
    Bad("dates", b"a,b,label\n1,31.12.2025,0\n2,1.1.2026,1\n", "csv_rejected", ("Line 2", "dates", "`time`")),
    Bad("too many categories", lambda: b"a,label\n" + b"".join(b"t%d,%d\n" % (n, n % 2) for n in range(1001)),
        "too_many", ("'a'", "`ignore`", "`text`")),
    Bad("long category", b"a,label\n" + b"x" * 200 + b",0\ny,1\n", "csv_rejected", ("128", "`text`")),
    Bad("column twice in use", CSV.encode(), "repeated_column", ("'a'",), {"ignore": "a", "group": "a"}),
    Bad("target left out", CSV.encode(), "repeated_column", ("'label'",), {"ignore": "label"}),
    Bad("unknown column left out", CSV.encode(), "unknown_column", ("'c'",), {"ignore": "a, c"}),
    Bad("nothing left", CSV.encode(), "no_features", (), {"ignore": "a,b"}),
    Bad("part that is none", b"a,p,label\n1,train,0\n2,dev,1\n", "csv_rejected", ("Line 3", "'p'"), {"part": "p"}),
    Bad("no training rows", b"a,p,label\n1,test,0\n2,test,1\n", "empty_dataset", (), {"part": "p"}),
    Bad("group missing", b"a,g,label\n1,x,0\n2,,1\n", "csv_rejected", ("Line 3", "'g'"), {"group": "g"}),
    Bad("time that is none", b"a,t,label\n1,2026-01-01,0\n2,soon,1\n", "csv_rejected", ("'t'", "date"), {"time": "t"}),
    Bad("time missing", b"a,t,label\n1,1.5,0\n2,,1\n", "csv_rejected", ("Line 3", "'t'"), {"time": "t"}),
    Bad("negative weight", b"a,w,label\n1,1,0\n2,-1,1\n", "csv_rejected", ("Line 3", "'w'"), {"weight": "w"}),
    Bad("weight missing", b"a,w,label\n1,1,0\n2,NA,1\n", "csv_rejected", ("Line 3", "'w'"), {"weight": "w"}),
    Bad("text as weight", b"a,w,label\n1,1,0\n2,x,1\n", "csv_rejected", ("Line 3", "'w'"), {"weight": "w"}),
    Bad("text among several targets", b"a,p,label\n1,x,0\n2,y,1\n", "task_mismatch", ("'p'",), {"target": "p,label"}),
    Bad("one of several targets missing", b"a,p,label\n1,1,0\n2,,1\n", "csv_rejected", ("Line 3", "'p'"),
        {"target": "p,label"}),
    Bad("texts scaled", b"t,label\na b,0\nc,1\n", "not_applicable", (), {"text": "t", "scale": "standard"}),
    Bad("empty texts", b"t,label\n,0\n,1\n", "empty_dataset", (), {"text": "t"}),
    Bad("text of 2 MB", lambda: b't,label\n"' + b"a\n" * (1 << 20) + b'",0\n', "csv_rejected", ("Line 2",),
        {"text": "t"}),
    Bad("infinite", b"a,b,label\n1,2,0\n3,1e999,1\n", "not_finite", ("Line 3", "'b'")),
    Bad("infinite target", b"a,b,label\n1,2,0.5\n3,4,inf\n", "not_finite", ("y_train",)),
    Bad("blank line within", b"a,b,label\n1,2,0\n\n3,4,1\n", "csv_rejected", ("Line 3", "blank")),
    Bad("unknown target", CSV.encode(), "unknown_column", ("'label'", "'a'"), {"target": "lable"}),
    Bad("no target named", CSV.encode(), "target_required", ("'label'",), {"target": None}),
    Bad("one class", b"a,label\n1,x\n2,x\n", "single_class"),
    Bad("text target as numbers", b"a,label\n1,x\n2,y\n", "task_mismatch", (), {"task": "regression"}),
    Bad("too many labels", lambda: b"a,label\n" + b"".join(b"1,t%d\n" % n for n in range(10_001)), "too_many"),
    Bad("more than allowed", lambda: b"a,b,label\n" + b"1,2,0\n" * 20_000, "too_large", (), {"max_bytes": 100_000}),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD_NPZ, ids=lambda bad: bad.name)
def test_bad_npz_is_refused(tmp_path: Path, bad: Bad) -> None:
    check_refused(tmp_path, bad, file_format="npz", options=bad.options)


@pytest.mark.parametrize("bad", BAD_CSV, ids=lambda bad: bad.name)
def test_bad_csv_is_refused(tmp_path: Path, bad: Bad) -> None:
    check_refused(tmp_path, bad, file_format="csv", options={"target": "label", **bad.options})


def check_refused(tmp_path: Path, bad: Bad, *, file_format: str, options: dict[str, Any]) -> None:
    content = bad.bytes()
    begin = time.process_time()
    reply, _ = read(tmp_path, content, file_format=file_format, **options)
    assert time.process_time() - begin < 2.0
    assert reply.meta is None
    assert [fault.code for fault in reply.faults] == [bad.code]
    fault = reply.faults[0]
    assert fault.pointer in {"/file", *(f"/{option.name}" for option in OPTIONS)}
    for words in bad.says:
        assert words in fault.detail
    assert str(tmp_path) not in fault.detail
    # Nothing unpacked is left behind, and nothing was written elsewhere.
    assert {path.name for path in tmp_path.iterdir()} == {"upload", "arrays"}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_of_any_kind_is_answered_with_a_fault(data: st.DataObject) -> None:
    whole = npz(packed=data.draw(st.booleans()), x=X, y=Y) if data.draw(st.booleans()) else CSV.encode()
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    with tempfile.TemporaryDirectory() as folder:
        file_format = data.draw(st.sampled_from(["npz", "csv"]))
        reply, _ = read(Path(folder), bytes(content[:cut]), file_format=file_format, target="label")
        assert (reply.meta is None) == bool(reply.faults)


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
        content = npz(**{
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
