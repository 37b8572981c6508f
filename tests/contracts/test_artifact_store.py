"""The promises of `storage.artifacts.store.ArtifactStore`, kept by every implementation."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from storage.artifacts import open_store
from storage.artifacts.filesystem import FilesystemStore
from storage.artifacts.remote import RemoteStore
from storage.artifacts.store import ArtifactStore
from storage.clock import ManualClock
from storage.errors import ArtifactDamaged, StorageUnavailable

BAD_KEYS = [
    "",
    "/etc/passwd",
    "../path",
    "path/../to",
    "./../path",
    "a//b",
    "a/",
    ".hidden",
    "a/.tmp-1",
    "a\\b",
    "a\0b",
    "a b",
    "C:x",
    "%2e%2e/x",
    "a#b",
    "ä/x",
    "a\n",
    "x" * 201,
    "/".join(["abcdefgh"] * 120),
]


def in_memory(root: str, cache_dir: Path, *, whole_or_nothing: bool) -> RemoteStore:
    filesystem = fsspec.filesystem("memory")
    return RemoteStore(filesystem, root, cache_dir=cache_dir, whole_or_nothing=whole_or_nothing)


@pytest.fixture(params=["folder", "memory", "memory-whole-or-nothing"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactStore]:
    if request.param == "folder":
        yield open_store(str(tmp_path / "store"))
        return
    root = f"/artifacts-{tmp_path.name}"
    yield in_memory(root, tmp_path / "cache", whole_or_nothing=request.param.endswith("nothing"))
    filesystem = fsspec.filesystem("memory")
    if filesystem.exists(root):
        filesystem.rm(root, recursive=True)


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "source.bin"
        path.write_bytes(content)
        return path

    return write


def test_put_tells_checksum_and_size_and_keeps_the_bytes(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    content = os.urandom((1 << 20) * 2 + 17)
    stored = store.put("trials/t_1/last.weights.h5", source(content))
    assert (stored.key, stored.size_bytes) == ("trials/t_1/last.weights.h5", len(content))
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert store.local_path(stored.key, sha256=stored.sha256).read_bytes() == content
    assert b"".join(store.open_chunks(stored.key)) == content


def test_chunks_are_no_larger_than_asked(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    store.put("a", source(b"x" * 2500))
    assert [len(chunk) for chunk in store.open_chunks("a", chunk_bytes=1000)] == [1000, 1000, 500]


def test_empty_file(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    stored = store.put("empty", source(b""))
    assert stored.size_bytes == 0
    assert store.local_path("empty", sha256=stored.sha256).read_bytes() == b""
    assert list(store.open_chunks("empty")) == []


def test_put_replaces_and_readers_see_the_new_file(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    store.put("a/b", source(b"old"))
    assert store.local_path("a/b").read_bytes() == b"old"
    stored = store.put("a/b", source(b"new and longer"))
    assert store.local_path("a/b").read_bytes() == b"new and longer"
    assert store.local_path("a/b", sha256=stored.sha256).read_bytes() == b"new and longer"
    assert list(store.keys()) == ["a/b"]


def test_files_of_a_folder_lie_beside_each_other(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    store.put("datasets/d_1/x_train.npy", source(b"x"))
    store.put("datasets/d_1/y_train.npy", source(b"y"))
    folder = store.local_path("datasets/d_1/x_train.npy").parent
    assert store.local_path("datasets/d_1/y_train.npy") == folder / "y_train.npy"


def test_missing_file_is_damaged(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    store.put("a/b", source(b"x"))
    for key in ("c", "a", "a/c", "a/b/c", "c/d"):
        with pytest.raises(ArtifactDamaged):
            store.local_path(key)
        with pytest.raises(ArtifactDamaged):
            store.open_chunks(key)


def test_other_checksum_is_damaged(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    stored = store.put("a", source(b"right"))
    with pytest.raises(ArtifactDamaged):
        store.local_path("a", sha256=hashlib.sha256(b"wrong").hexdigest())
    assert store.local_path("a", sha256=stored.sha256).read_bytes() == b"right"


def test_delete_is_repeatable(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    store.put("a/b", source(b"x"))
    store.local_path("a/b")
    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/there")
    assert list(store.keys()) == []
    with pytest.raises(ArtifactDamaged):
        store.local_path("a/b")


def test_prefixes_are_folders_not_beginnings(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    for key in ("t/d_1/a", "t/d_1/b/c", "t/d_10/a", "u"):
        store.put(key, source(key.encode()))
    assert set(store.keys()) == {"t/d_1/a", "t/d_1/b/c", "t/d_10/a", "u"}
    assert set(store.keys("t/d_1")) == set(store.keys("t/d_1/")) == {"t/d_1/a", "t/d_1/b/c"}
    assert list(store.keys("t/d")) == []
    store.delete_prefix("t/d_1")
    store.delete_prefix("t/d_1")
    assert set(store.keys()) == {"t/d_10/a", "u"}


def test_whole_store_is_not_deleted_by_an_empty_prefix(store: ArtifactStore, source: Callable[[bytes], Path]) -> None:
    store.put("a", source(b"x"))
    for prefix in ("", "/"):
        with pytest.raises(ValueError, match=r"whole store|not an artifact key"):
            store.delete_prefix(prefix)
    assert list(store.keys()) == ["a"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_bad_keys_are_refused_everywhere(store: ArtifactStore, source: Callable[[bytes], Path], key: str) -> None:
    path = source(b"x")
    for call in (
        lambda: store.put(key, path),
        lambda: store.local_path(key),
        lambda: store.open_chunks(key),
        lambda: store.delete(key),
    ):
        with pytest.raises(ValueError, match="not an artifact key"):
            call()
    assert list(store.keys()) == []


def test_failed_put_leaves_what_was_there(
    store: ArtifactStore, source: Callable[[bytes], Path], tmp_path: Path
) -> None:
    store.put("a/b", source(b"first"))
    with pytest.raises(StorageUnavailable):
        store.put("a/b", tmp_path / "not there")
    assert store.local_path("a/b").read_bytes() == b"first"
    assert list(store.keys()) == ["a/b"]


def test_two_writers_of_one_key_leave_one_whole_file(store: ArtifactStore, tmp_path: Path) -> None:
    contents = [bytes([65 + index]) * 300_000 for index in range(4)]
    start = threading.Barrier(len(contents))

    def write(index: int) -> None:
        path = tmp_path / f"source-{index}"
        path.write_bytes(contents[index])
        start.wait(timeout=30)
        for _ in range(5):
            store.put("shared/file", path)

    threads = [threading.Thread(target=write, args=(index,)) for index in range(len(contents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert b"".join(store.open_chunks("shared/file")) in contents
    assert list(store.keys()) == ["shared/file"]


class TestFolder:
    """What only a folder can get wrong."""

    def test_links_lead_nowhere(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        store = FilesystemStore(tmp_path / "store")
        root = tmp_path / "store"
        (root / "folder").symlink_to(outside)
        (root / "file").symlink_to(outside / "secret")
        (root / "real").mkdir()
        (root / "real" / "file").symlink_to(outside / "secret")
        new = tmp_path / "new"
        new.write_bytes(b"new")
        for key in ("folder/secret", "file", "real/file"):
            with pytest.raises(ArtifactDamaged):
                store.local_path(key)
        with pytest.raises(StorageUnavailable):
            store.put("folder/secret", new)
        store.delete("folder/secret")
        store.delete_prefix("folder")
        assert list(store.keys()) == []
        # A rename over a link replaces the link, not what it points to.
        store.put("real/file", new)
        store.delete_prefix("real")
        assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"secret": b"secret"}

    def test_link_as_source_is_refused(self, tmp_path: Path) -> None:
        store = FilesystemStore(tmp_path / "store")
        (tmp_path / "link").symlink_to("/etc/passwd")
        with pytest.raises(StorageUnavailable):
            store.put("a", tmp_path / "link")
        assert list(store.keys()) == []

    def test_fifo_does_not_hang_a_reader(self, tmp_path: Path) -> None:
        store = FilesystemStore(tmp_path / "store")
        os.mkfifo(tmp_path / "store" / "pipe")
        with pytest.raises(ArtifactDamaged):
            store.local_path("pipe")

    def test_leftovers_of_a_killed_writer_are_not_keys(self, tmp_path: Path) -> None:
        store = FilesystemStore(tmp_path / "store")
        source = tmp_path / "source"
        source.write_bytes(b"x")
        store.put("a/b", source)
        (tmp_path / "store" / "a" / ".tmp-dead").write_bytes(b"half")
        assert list(store.keys()) == ["a/b"]
        store.delete_prefix("a")
        assert list((tmp_path / "store").iterdir()) == []

    def test_file_address_is_the_same_folder(self, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(b"x")
        open_store(str(tmp_path / "store")).put("a", source)
        assert list(open_store((tmp_path / "store").as_uri()).keys()) == ["a"]

    def test_root_that_is_a_file_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "store").write_bytes(b"")
        with pytest.raises(StorageUnavailable):
            open_store(str(tmp_path / "store"))


class TestRemote:
    """What only a cache can get wrong."""

    def test_address_opens_a_remote_store(self, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.write_bytes(b"x")
        url = f"memory://by-address-{tmp_path.name}"
        open_store(url, cache_dir=tmp_path / "cache").put("a/b", source)
        other = open_store(url, cache_dir=tmp_path / "cache2")
        assert other.local_path("a/b").read_bytes() == b"x"
        assert list(other.keys()) == ["a/b"]
        other.delete_prefix("a")

    def test_unknown_scheme_is_unavailable(self, tmp_path: Path) -> None:
        with pytest.raises(StorageUnavailable, match="nosuchscheme"):
            open_store("nosuchscheme://bucket/path", cache_dir=tmp_path)

    def test_change_by_another_process_is_noticed(self, tmp_path: Path) -> None:
        one = in_memory(f"/{tmp_path.name}", tmp_path / "cache-1", whole_or_nothing=False)
        two = in_memory(f"/{tmp_path.name}", tmp_path / "cache-2", whole_or_nothing=False)
        source = tmp_path / "source"
        source.write_bytes(b"one")
        one.put("a", source)
        assert two.local_path("a").read_bytes() == b"one"
        source.write_bytes(b"two")
        one.put("a", source)
        assert two.local_path("a").read_bytes() == b"two"
        one.delete_prefix("a")
        one.delete("a")
        with pytest.raises(ArtifactDamaged):
            two.local_path("a")

    def test_damaged_copy_is_fetched_again(self, tmp_path: Path) -> None:
        store = in_memory(f"/{tmp_path.name}", tmp_path / "cache", whole_or_nothing=False)
        source = tmp_path / "source"
        source.write_bytes(b"right")
        stored = store.put("a", source)
        store.local_path("a").write_bytes(b"wrong")
        assert store.local_path("a", sha256=stored.sha256).read_bytes() == b"right"

    def test_cache_forgets_what_was_unused_longest(self, tmp_path: Path) -> None:
        clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        cache = tmp_path / "cache"
        store = RemoteStore(
            fsspec.filesystem("memory"), f"/{tmp_path.name}", cache_dir=cache, cache_bytes=250, clock=clock
        )
        source = tmp_path / "source"
        source.write_bytes(b"x" * 100)
        for name in ("a", "b", "c"):
            store.put(name, source)
        store.local_path("a")
        store.local_path("b")
        clock.advance(4000)
        store.local_path("a")
        store.local_path("c")
        copies = {path.name for path in cache.iterdir() if not path.name.startswith(".")}
        assert copies == {"a", "c"}
        assert store.local_path("b").read_bytes() == b"x" * 100
