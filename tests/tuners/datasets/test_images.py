"""What becomes of .zip files of images: class folders are understood, disguises and bombs refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.tuners.dataset_files import Entry, archive, member, npz
from tests.tuners.datasets.reading import good, read

RNG = np.random.default_rng(3)
SMALL = RNG.integers(0, 256, (4, 6, 3), dtype=np.uint8)


def encoded(pixels: np.ndarray | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """An image file."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def zipped(files: dict[str, bytes], *, folders: tuple[str, ...] = ()) -> bytes:
    """A zip file as other programs write it, with entries for folders where asked for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for folder in folders:
            out.mkdir(folder)
        for name, content in files.items():
            out.writestr(name, content)
    return buffer.getvalue()


def solid(value: int, *, size: tuple[int, int] = (4, 6)) -> np.ndarray:
    return np.full((*size, 3), value, dtype=np.uint8)


PNG = encoded(SMALL)
PETS = {"cats/1.png": encoded(solid(10)), "cats/2.png": encoded(solid(20)), "dogs/1.png": encoded(solid(30))}


class TestFolders:
    def test_class_folders(self, tmp_path: Path) -> None:
        meta, arrays = good(tmp_path, zipped(PETS), file_format="zip")
        assert (meta.kind, meta.task, meta.input_shape, meta.scale) == ("image", "classification", (4, 6, 3), "0-1")
        assert meta.class_names == ("cats", "dogs")
        assert arrays["x_train"].dtype == np.uint8
        assert arrays["x_train"][:, 0, 0, 0].tolist() == [10, 20, 30]
        assert arrays["y_train"].tolist() == [0, 0, 1]

    def test_order_in_the_archive_and_litter_do_not_matter(self, tmp_path: Path) -> None:
        litter = {
            "__MACOSX/cats/._1.png": b"\0\5\x16\7",
            "cats/.DS_Store": b"\0",
            ".git/config": b"[core]",
            "dogs/Thumbs.db": b"\0",
            "desktop.ini": b"",
        }
        prints = set()
        for name, files in (("one", PETS), ("two", {**litter, **dict(reversed(PETS.items()))})):
            (tmp_path / name).mkdir()
            meta, _ = good(tmp_path / name, zipped(files, folders=("cats", "birds")), file_format="zip")
            assert meta.class_names == ("cats", "dogs")
            prints.add(meta.fingerprint())
        assert len(prints) == 1

    @pytest.mark.parametrize("validation", ["validation", "val", "valid", "Val"])
    @pytest.mark.parametrize("around", ["", "pets/", "a/b/"])
    def test_parts(self, tmp_path: Path, validation: str, around: str) -> None:
        files = {
            f"{around}train/cats/deep/er.png": encoded(solid(1)),
            f"{around}train/dogs/1.png": encoded(solid(2)),
            f"{around}{validation}/cats/1.png": encoded(solid(3)),
            f"{around}test/birds/1.png": encoded(solid(4)),
        }
        meta, arrays = good(tmp_path, zipped(files), file_format="zip")
        assert meta.class_names == ("birds", "cats", "dogs")
        assert [meta.rows(part) for part in ("train", "validation", "test")] == [2, 1, 1]
        assert [arrays[f"y_{part}"].tolist() for part in ("train", "validation", "test")] == [[1, 2], [1], [0]]

    @pytest.mark.parametrize("name", ["__proto__", "<b>bold", "Größe", "a b", "日本", "constructor", "'; DROP"])
    def test_odd_names_are_only_names(self, tmp_path: Path, name: str) -> None:
        meta, _ = good(tmp_path, zipped({f"{name}/1.png": PNG, "zz/1.png": PNG}), file_format="zip")
        assert name in meta.class_names

    def test_classes_called_like_parts(self, tmp_path: Path) -> None:
        meta, _ = good(tmp_path, zipped({"test/1.png": PNG, "control/1.png": PNG}), file_format="zip")
        assert meta.class_names == ("control", "test")
        assert meta.rows("train") == 2


def decoded(tmp_path: Path, content: bytes, **options: Any) -> np.ndarray:
    """The one image of a class of its own, beside another that is brought to the same size."""
    files = {"a/1.png": content, "b/1.png": PNG}
    _, arrays = good(tmp_path, zipped(files), file_format="zip", image_size=(4, 6), **options)
    image: np.ndarray = arrays["x_train"][0]
    return image


class TestPixels:
    def test_lossless_formats_keep_every_pixel(self, tmp_path: Path) -> None:
        for name, content in (("png", PNG), ("bmp", encoded(SMALL, "BMP")), ("alpha", encoded(
            np.dstack([SMALL, RNG.integers(0, 256, (4, 6), dtype=np.uint8)])))):  # fmt: skip
            (tmp_path / name).mkdir()
            np.testing.assert_array_equal(decoded(tmp_path / name, content), SMALL)

    def test_jpeg_is_near_and_its_name_does_not_matter(self, tmp_path: Path) -> None:
        np.testing.assert_allclose(decoded(tmp_path, encoded(solid(77), "JPEG")), solid(77), atol=2)

    def test_first_frame_of_an_animation(self, tmp_path: Path) -> None:
        frames = [Image.fromarray(solid(value)) for value in (50, 200)]
        content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
        np.testing.assert_array_equal(decoded(tmp_path, content), solid(50))

    def test_cmyk_palette_and_one_bit(self, tmp_path: Path) -> None:
        white = Image.fromarray(solid(255))
        for name, image, kind in (
            ("cmyk", white.convert("CMYK"), "JPEG"),
            ("palette", white.convert("P"), "PNG"),
            ("one bit", white.convert("1"), "PNG"),
        ):
            (tmp_path / name).mkdir()
            np.testing.assert_allclose(decoded(tmp_path / name, encoded(image, kind)), solid(255), atol=2)

    def test_sixteen_bits_are_brought_to_eight(self, tmp_path: Path) -> None:
        deep = np.array([[0, 256, 32_768, 65_535, 511, 1]] * 4, dtype=np.uint16)
        expected = np.array([[0, 1, 128, 255, 1, 0]] * 4, dtype=np.uint8)
        pixels = decoded(tmp_path, encoded(deep), color="grayscale")
        np.testing.assert_array_equal(pixels[:, :, 0], expected)

    def test_grayscale(self, tmp_path: Path) -> None:
        meta, arrays = good(tmp_path, zipped(PETS), file_format="zip", color="grayscale")
        assert meta.input_shape == (4, 6, 1)
        assert arrays["x_train"][:, 0, 0, 0].tolist() == [10, 20, 30]

    def test_size_asked_for(self, tmp_path: Path) -> None:
        files = {"a/1.png": encoded(solid(7, size=(1, 1))), "b/1.jpg": encoded(solid(9, size=(200, 300)), "JPEG")}
        meta, arrays = good(tmp_path, zipped(files), file_format="zip", image_size=(5, 3))
        assert meta.input_shape == (5, 3, 3)
        assert (arrays["x_train"][0] == 7).all()
        np.testing.assert_allclose(arrays["x_train"][1], 9, atol=2)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size its pixels do not have."""
    header = struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)
    chunks = b""
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        chunks += struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunks


@dataclass(frozen=True)
class Bad:
    name: str
    content: Callable[[], bytes]
    code: str
    says: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def beside(content: bytes, name: str = "a/1.png") -> Callable[[], bytes]:
    return lambda: zipped({name: content, "b/1.png": PNG})


BAD = [
    # Archives: what is checked for .npz is checked here.
    Bad("empty", lambda: b"", "content_mismatch", ("zip",)),
    Bad("csv named zip", lambda: b"a,b\n1,2\n", "content_mismatch"),
    Bad("png with an archive behind it", lambda: PNG + zipped(PETS), "content_mismatch"),
    Bad("cut in half", lambda: zipped(PETS)[:150], "corrupt_file"),
    Bad("a million files", lambda: archive(member("a/1.png", PNG), says_count=0xFFFF, zip64_count=10**6), "too_many"),
    Bad("ratio 1,000 to 1", lambda: archive(member("a/1.bmp", b"\0" * (20 << 20))), "archive_rejected", ("zip -0",)),
    Bad("overlap", lambda: archive(member("a/1.png", PNG), member("b/1.png", PNG, offset=0)), "archive_rejected"),
    Bad("nested", lambda: zipped({**PETS, "cats/more.zip": zipped(PETS)}), "archive_rejected", ("another archive",)),
    Bad("encrypted", lambda: archive(member("a/1.png", PNG, flags=1)), "archive_rejected", ("encrypted",)),
    Bad("zip64 lie", lambda: archive(member("a/1.png", PNG), zip64_count=2), "archive_rejected"),
    Bad("64-bit size missing", lambda: archive(member("a/1.png", PNG, says_size=0xFFFFFFFF)), "archive_rejected"),
    Bad("zip slip", lambda: archive(member("../a/1.png", PNG)), "archive_rejected"),
    Bad("absolute", lambda: archive(member("/a/1.png", PNG)), "archive_rejected"),
    Bad("backslash", lambda: archive(member("a\\1.png", PNG)), "archive_rejected"),
    Bad("NUL", lambda: archive(member("a/1\0.png", PNG)), "archive_rejected"),
    Bad("300 bytes of name", lambda: archive(member(f"a/{'x' * 300}.png", PNG)), "archive_rejected"),
    Bad("symbolic link", lambda: archive(member("a/1.png", b"/etc/passwd", mode=0o120777)), "archive_rejected"),
    Bad("device", lambda: archive(member("a/1.png", b"", mode=0o020666)), "archive_rejected"),
    Bad("case twins", lambda: archive(member("a/1.png", PNG), member("a/1.PNG", PNG)), "archive_rejected"),
    Bad("case twins of classes", lambda: zipped({"Cat/1.png": PNG, "cat/2.png": PNG}), "archive_rejected"),
    Bad("folder with bytes", lambda: archive(Entry(b"a/", b"xyz", mode=0o040755)), "archive_rejected"),
    Bad("folder that says it is a file", lambda: archive(Entry(b"a/", b"", mode=0o100644)), "archive_rejected"),
    Bad("wrong checksum", lambda: archive(member("a/1.png", PNG, says_crc=1), member("b/1.png", PNG)), "corrupt_file"),
    # Folders.
    Bad("nothing", lambda: zipped({}), "empty_dataset"),
    Bad("only litter", lambda: zipped({"__MACOSX/a/._1.png": b"x", ".DS_Store": b""}), "empty_dataset"),
    Bad("no class folders", lambda: zipped({"1.png": PNG, "2.png": PNG}), "no_classes", ("1.png", "folder")),
    Bad("one image beside the folders", lambda: zipped({**PETS, "3.png": PNG}), "no_classes", ("3.png",)),
    Bad("one class", lambda: zipped({"a/1.png": PNG, "a/2.png": PNG}), "single_class", ("'a'",)),
    Bad("class beside train", lambda: zipped({"train/a/1.png": PNG, "b/1.png": PNG}), "no_classes", ("b/1.png",)),
    Bad("image in train", lambda: zipped({"train/1.png": PNG, "train/a/1.png": PNG}), "no_classes", ("train/1.png",)),
    Bad("two folders for one part", lambda: zipped({"train/a/1.png": PNG, "train/b/1.png": PNG, "val/a/1.png": PNG,
                                                    "valid/a/1.png": PNG}), "no_classes", ("val, valid",)),
    Bad("long class name", lambda: zipped({f"{'x' * 129}/1.png": PNG, "b/1.png": PNG}), "no_classes", ("128",)),
    Bad("text among images", lambda: zipped({**PETS, "cats/readme.txt": b"hello"}), "image_rejected", ("readme.txt",)),
    # Images.
    Bad("65,500 x 65,500", beside(png_claiming(65_500, 65_500)), "image_rejected", ("pixels",)),
    Bad("60 million pixels", beside(png_claiming(10_000, 6_000)), "image_rejected", ("50,000,000 pixels",)),
    Bad("1x1 among others", beside(encoded(solid(1, size=(1, 1)))), "shape_mismatch",
        ("a/1.png is 1x1", "b/1.png is 4x6", "image_size")),
    Bad("too large to be kept as they are", lambda: zipped({
        f"{name}/1.png": encoded(RNG.integers(0, 256, (1, 3000), dtype=np.uint8)) for name in "ab"}), "shape_mismatch",
        ("1x3000", "image_size")),
    Bad("truncated png", beside(PNG[:-30]), "image_rejected", ("a/1.png",), {"image_size": (4, 6)}),
    Bad("truncated jpeg", beside(encoded(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8), "JPEG")[:-400]),
        "image_rejected", (), {"image_size": (4, 6)}),
    Bad("truncated gif", beside(encoded(RNG.integers(0, 256, (64, 64), dtype=np.uint8), "GIF")[:-900]),
        "image_rejected", (), {"image_size": (4, 6)}),
    Bad("pixels missing", beside(png_claiming(60, 60)), "image_rejected", (), {"image_size": (4, 6)}),
    Bad("no bytes", beside(b""), "image_rejected"),
    Bad("text", beside(b"hello"), "image_rejected"),
    Bad("svg", beside(b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"),
        "image_rejected"),
    Bad("eps", beside(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"), "image_rejected"),
    Bad("psd", beside(b"8BPS\0\1" + b"\0" * 40), "image_rejected"),
    Bad("fits", beside(b"SIMPLE  =                    T" + b" " * 2850), "image_rejected"),
    Bad("tiff", beside(encoded(SMALL, "TIFF")), "image_rejected", ("a/1.png",)),
    Bad("webp", beside(encoded(SMALL, "WEBP"), "a/1.jpg"), "image_rejected"),
    Bad("ico", beside(encoded(SMALL, "ICO")), "image_rejected"),
    Bad("npz as image", beside(npz(x=[1], y=[2])), "image_rejected"),
    Bad("another ending", beside(encoded(SMALL, "TIFF"), "a/1.tif"), "image_rejected", ("a/1.tif", "png")),
    # Options and limits.
    Bad("numbers asked for", lambda: zipped(PETS), "task_mismatch", (), {"task": "regression"}),
    Bad("labels asked for", lambda: zipped(PETS), "task_mismatch", (), {"task": "multilabel"}),
    Bad("more than allowed", lambda: zipped(PETS), "too_large", ("pixels",),
        {"image_size": (2000, 2000), "max_bytes": 1 << 20}),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_archive_is_refused(tmp_path: Path, bad: Bad) -> None:
    reply, _ = read(tmp_path, bad.content(), file_format="zip", **bad.options)
    assert reply.meta is None
    assert [fault.code for fault in reply.faults] == [bad.code], reply.faults
    for words in bad.says:
        assert words in reply.faults[0].detail
    assert str(tmp_path) not in reply.faults[0].detail
    # Nothing was unpacked to where it could stay.
    assert {path.name for path in tmp_path.iterdir()} == {"upload", "arrays"}
