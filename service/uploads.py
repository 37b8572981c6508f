"""Multipart uploads, streamed to disk: never more in memory than one piece, never more on disk than allowed."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import Depends, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from service.context import Context
from service.dependencies import Ctx, Submitter, check_media_type, guarded_stream
from service.errors import BodyTooLarge, InvalidRequest, MalformedUpload, UnsupportedMediaType
from storage.errors import FieldFault
from tuners.datasets.options import FILE_FORMATS, OPTIONS
from tuners.imports.wire import ENDINGS as RESULT_ENDINGS
from tuners.imports.wire import OPTIONS as IMPORT_OPTIONS
from tuners.weights.client import ENDINGS

_FIELD_BYTES = 4096
_HEADER_BYTES = 8192
_OVERHEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Form:
    """What an upload consists of beside its `file`: the text fields it may have, and the endings the file may have."""

    fields: frozenset[str]
    endings: tuple[str, ...]


_DATASET_FORM = Form(frozenset({"name", *(option.name for option in OPTIONS)}), tuple(FILE_FORMATS))
_WEIGHTS_FORM = Form(frozenset({"name"}), ENDINGS)
_RESULTS_FORM = Form(frozenset({"name", *IMPORT_OPTIONS}), RESULT_ENDINGS)


@dataclass(frozen=True, slots=True)
class Upload:
    """A received form: where the file lies, what it was called, and the text fields."""

    path: Path
    filename: str
    fields: dict[str, str]


@dataclass(slots=True)
class _Part:
    """The part of the form that is being received."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    header_name: bytes = b""
    header_value: bytes = b""
    header_bytes: int = 0
    name: str = ""
    is_file: bool = False
    text: bytearray = field(default_factory=bytearray)


class FormReader:
    """Takes a multipart body piece by piece. File bytes pile up in `pending` until the caller writes them."""

    def __init__(self, boundary: bytes, form: Form) -> None:
        self._form = form
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.pending = bytearray()
        self.complete = False
        self._part = _Part()
        self._parts = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Take the next piece.

        Raises:
            MalformedUpload: Not a multipart form, or more parts or longer headers than a form of ours has.
            InvalidRequest: A field that is unknown, repeated, too long or not text.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise MalformedUpload("the body is not a multipart form") from error

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > len(self._form.fields) + 1:
            known = ", ".join(["file", *sorted(self._form.fields)])
            raise MalformedUpload(f"the form has more parts than there are fields here: {known}")
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._part.header_name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._part.header_value += data[start:end]

    def _count_header(self, size: int) -> None:
        self._part.header_bytes += size
        if self._part.header_bytes > _HEADER_BYTES:
            raise MalformedUpload("a part's headers are too long")

    def _header_end(self) -> None:
        self._part.headers[self._part.header_name.lower()] = self._part.header_value
        self._part.header_name = self._part.header_value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._part.headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", errors="replace")
        self._part.name = name
        self._part.is_file = name == "file"
        if self._part.is_file:
            if self.filename is not None:
                raise InvalidRequest("a field is wrong", (FieldFault("/file", "repeated_field", "send one file"),))
            self.filename = options.get(b"filename", b"").decode("utf-8", errors="replace")
        elif name not in self._form.fields:
            known = ", ".join(["file", *sorted(self._form.fields)])
            raise InvalidRequest(
                "a field is wrong", (FieldFault("", "unknown_field", f"the fields here are: {known}"),)
            )
        elif name in self.fields:
            raise InvalidRequest("a field is wrong", (FieldFault(f"/{name}", "repeated_field", "give it once"),))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self.pending += data[start:end]
            return
        self._part.text += data[start:end]
        if len(self._part.text) > _FIELD_BYTES:
            fault = FieldFault(f"/{self._part.name}", "too_long", f"fields may have {_FIELD_BYTES} bytes")
            raise InvalidRequest("a field is wrong", (fault,))

    def _end_part(self) -> None:
        if self._part.is_file:
            return
        try:
            text = self._part.text.decode("utf-8")
        except UnicodeDecodeError as error:
            fault = FieldFault(f"/{self._part.name}", "invalid_encoding", "must be UTF-8")
            raise InvalidRequest("a field is wrong", (fault,)) from error
        if any(ord(character) < 32 or ord(character) == 127 for character in text):
            fault = FieldFault(f"/{self._part.name}", "control_character", "must not hold control characters")
            raise InvalidRequest("a field is wrong", (fault,))
        self.fields[self._part.name] = text

    def _end(self) -> None:
        self.complete = True


async def received_dataset(request: Request, caller: Submitter, ctx: Ctx) -> AsyncIterator[Upload]:
    """A posted data set, its file below the data folder until the request is over."""
    async with _received(request, caller, ctx, _DATASET_FORM) as upload:
        yield upload


async def received_weights(request: Request, caller: Submitter, ctx: Ctx) -> AsyncIterator[Upload]:
    """Posted weights, their file below the data folder until the request is over."""
    async with _received(request, caller, ctx, _WEIGHTS_FORM) as upload:
        yield upload


async def received_results(request: Request, caller: Submitter, ctx: Ctx) -> AsyncIterator[Upload]:
    """Posted results of elsewhere, their file below the data folder until the request is over."""
    async with _received(request, caller, ctx, _RESULTS_FORM) as upload:
        yield upload


@asynccontextmanager
async def _received(request: Request, caller: Submitter, ctx: Context, form: Form) -> AsyncIterator[Upload]:
    check_media_type(request, "multipart/form-data")
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 200:
        raise MalformedUpload("the Content-Type names no boundary")
    with ctx.uploads.hold(caller.token_id):
        folder = ctx.settings.data_dir / "uploads"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / secrets.token_hex(16)
        try:
            reader = FormReader(boundary, form)
            with path.open("xb") as file:
                await _receive(request, reader, file, ctx)
            yield _finished(reader, form, path)
        finally:
            path.unlink(missing_ok=True)


async def _receive(request: Request, reader: FormReader, file: BinaryIO, ctx: Context) -> None:
    most = ctx.settings.upload_max_bytes
    written = 0
    async for chunk in guarded_stream(request, ctx, most=most + _OVERHEAD_BYTES):
        reader.feed(chunk)
        if reader.pending:
            data, reader.pending = bytes(reader.pending), bytearray()
            written += len(data)
            if written > most:
                raise BodyTooLarge(f"files may have {most} bytes")
            await asyncio.to_thread(file.write, data)


def _finished(reader: FormReader, form: Form, path: Path) -> Upload:
    faults = []
    if not reader.complete:
        raise MalformedUpload("the form ends too early")
    if reader.filename is None:
        faults.append(FieldFault("/file", "missing", "send the file in the part `file`"))
    if "name" not in reader.fields:
        faults.append(FieldFault("/name", "missing", "is required"))
    if faults:
        raise InvalidRequest("a field is missing", tuple(faults))
    assert reader.filename is not None
    if not reader.filename.lower().endswith(form.endings):
        raise UnsupportedMediaType(f"files ending in {', '.join(form.endings)} are read")
    return Upload(path, reader.filename, reader.fields)


ReceivedDataset = Annotated[Upload, Depends(received_dataset)]
ReceivedResults = Annotated[Upload, Depends(received_results)]
ReceivedWeights = Annotated[Upload, Depends(received_weights)]
