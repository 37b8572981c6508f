"""What becomes of hostile uploads: they are refused with the place and the reason, and do nothing on the way."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tuners.dataset_files import npz
from tests.tuners.datasets.bad_uploads import BAD_CSV, BAD_NPZ, Bad
from tests.tuners.datasets.reading import CSV, X, Y, read
from tuners.datasets.options import OPTIONS


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


@settings(max_examples=150)
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


def test_no_file_makes_the_reader_unpickle_connect_run_or_write_elsewhere(tmp_path: Path) -> None:
    """All hostile files of the table, read under an audit hook (PEP 578) that writes down what it must not see."""
    code = """
import sys, tempfile
from pathlib import Path
from tests.tuners.dataset_files import npz
from tests.tuners.datasets import bad_uploads, reading
from tests.tuners.datasets import test_images as images
from tests.tuners.datasets import test_tables as tables

root = Path(sys.argv[1])
seen, watching = [], False
FORBIDDEN = ("pickle.", "marshal.", "subprocess.", "os.system", "os.exec", "os.fork", "socket.", "ctypes.")

def hook(event, args):
    if not watching:
        return
    if event.startswith(FORBIDDEN) or event == "exec":
        seen.append((event, str(args)[:100]))
    if event == "open" and isinstance(args[0], str) and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        if not Path(args[0]).resolve().is_relative_to(root):
            seen.append((event, args[0]))

# Modules are loaded and caches filled before the watch begins.
KINDS = ("JPEG", "GIF", "BMP")
warm = [
    ("npz", npz(x=reading.X, y=reading.Y), {}),
    ("csv", reading.CSV.encode(), {"target": "label"}),
    ("parquet", tables.parquet(tables.PLAIN), {"target": "y"}),
    ("zip", images.zipped(images.PETS), {}),
    ("zip", images.zipped({f"{kind}/1.png": images.encoded(images.SMALL, kind) for kind in KINDS}), {}),
]
files = [("npz", bad.bytes(), bad.options) for bad in bad_uploads.BAD_NPZ]
files += [("csv", bad.bytes(), {"target": "label", **bad.options}) for bad in bad_uploads.BAD_CSV]
files += [("parquet", bad.content(), {"target": "y", **bad.options}) for bad in tables.BAD]
files += [("zip", bad.content(), bad.options) for bad in images.BAD]
sys.addaudithook(hook)
for index, (kind, content, options) in enumerate(warm + files):
    folder = root / str(index)
    folder.mkdir()
    watching = False
    if index >= len(warm):
        watching = True
    reply, _ = reading.read(folder, content, file_format=kind, **options)
    watching = False
    assert (reply.meta is None) == (index >= len(warm))
print(index + 1, seen)
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120, cwd=root, check=False
    )
    assert done.stderr == ""
    count, _, seen = done.stdout.strip().partition(" ")
    assert seen == "[]"
    assert int(count) > 250
