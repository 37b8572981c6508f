"""Every row of `bad_requests.yaml`: right status, right code, right shape, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from starlette.testclient import TestClient

from storage.ids import SearchId
from tests.service.assembled import Service
from tests.service.problem_shape import assert_problem
from tests.service.scenes import start_trials
from tuners.datasets.options import OPTIONS

Row = dict[str, Any]


def _rows() -> list[Row]:
    listed: list[Row] = yaml.safe_load(Path(__file__).with_name("bad_requests.yaml").read_text(encoding="utf-8"))
    return [
        {**row, **case, "id": f"{row['id']}-{number}"}
        for row in listed
        for number, case in enumerate(row.get("cases", [{}]))
    ]


ROWS = _rows()
BOUNDARY = "b"


def _form(*parts: str, end: str = "--b--\r\n") -> dict[str, Any]:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts) + end
    return {"content": body.encode(), "headers": {"Content-Type": "multipart/form-data; boundary=b"}}


def _field(name: str, value: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'


def _file(filename: str = "a.csv", content: str = "a,b\n1,2\n") -> str:
    return f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n{content}'


def _pieces() -> Iterator[bytes]:
    # Without a Content-Length: only counting shows that it is too much.
    yield from [b" " * 65536] * 20


BUILT: dict[str, Callable[[], dict[str, Any]]] = {
    "nested_arrays": lambda: {"content": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"},
    "nested_objects": lambda: {"content": b'{"a":' * 33 + b"1" + b"}" * 33},
    "too_large": lambda: {"content": b'{"a":"' + b"x" * (1 << 20) + b'"}'},
    "chunked_too_large": lambda: {"content": _pieces()},
    "many_keys": lambda: {"content": json.dumps({f"k{number}": 0 for number in range(60_000)}).encode()},
    "many_items": lambda: {"content": b'{"a":[' + b"0," * 400_000 + b"0]}"},
    "digits_5000": lambda: {"content": b'{"a":' + b"9" * 5000 + b"}"},
    "digits_4200": lambda: {"content": b'{"a":[-' + b"9" * 4200 + b"]}"},
    "long_text": lambda: {"content": json.dumps({"name": "x" * 4097}).encode()},
    "long_address": lambda: {"params": {"name": "x" * 9000}},
    "long_key": lambda: {"content": b"{}", "headers": {"Idempotency-Key": "k" * 10_000}},
    "long_bearer": lambda: {"headers": {"Authorization": "Bearer " + "x" * 10_000}},
    "bearer_not_ascii": lambda: {"headers": {b"Authorization": "Bearer hs_é".encode("latin-1")}},
    "form_without_file": lambda: _form(_field("name", "x")),
    "form_without_name": lambda: _form(_file()),
    "form_with_unknown_field": lambda: _form(_file(), _field("name", "x"), _field("path", "/etc/passwd")),
    "form_of_many_parts": lambda: _form(
        _file(), *[_field(name, "x") for name in ("name", *(option.name for option in OPTIONS))] * 100
    ),
    "form_with_long_header": lambda: _form(_field("x" * 20_000, "x")),
    "form_cut_off": lambda: _form(_field("name", "x"), _file(), end="--b\r\nContent-Dis"),
    "form_too_large": lambda: _form(_field("name", "x"), _file(content="x" * 120_000)),
    "form_of_a_model": lambda: _form(_field("name", "x"), _file("model.keras")),
    "form_with_control_character": lambda: _form(_field("name", "x\x00"), _file()),
    "form_of_a_data_set": lambda: _form(_file(), _field("target", "b")),
    "form_of_broken_results": lambda: _form(_field("name", "x"), _file("r.csv", content="a,loss\n1,2,3\n")),
    "form_of_pickled_weights": lambda: _form(_field("name", "x"), _file("x.h5", content="cos\nsystem\n(S'id'\ntR.")),
    "form_with_two_files": lambda: _form(_file(), _file(), _field("name", "x")),
}


class Scene:
    """One owner's search with two trials, and another's."""

    def __init__(self, service: Service, definition: dict[str, Any]) -> None:
        self.service = service
        self.definition = definition
        self.names: dict[str, str] = {}
        for prefix, owner in (("", "ada"), ("others_", "bob")):
            client = service.client(service.token(owner=owner))
            search_id = client.post("/v1/searches", json=definition).json()["id"]
            trials = start_trials(service.repository, SearchId(search_id), [{"units": 32, "learning_rate": 0.001}] * 2)
            upload = {"file": ("a.csv", b"a,b\n1,2\n")}
            dataset = client.post("/v1/datasets", files=upload, data={"name": "mine", "target": "b"}).json()
            self.names |= {
                f"{prefix}search": search_id,
                f"{prefix}trial": trials[0].id,
                f"{prefix}dataset": dataset["id"],
            }
        self.client: TestClient = service.client(service.token())

    def filled(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        return text


def _body(row: Row, scene: Scene) -> dict[str, Any]:
    if "build" in row:
        return BUILT[row["build"]]()
    if "raw" in row:
        return {"content": scene.filled(row["raw"]).encode()}
    if "hex" in row:
        return {"content": bytes.fromhex(row["hex"])}
    if "spoil" in row:
        document = json.loads(json.dumps(scene.definition))
        for pointer, value in row["spoil"].items():
            *parents, last = pointer.split("/")[1:]
            place = document
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            place[int(last) if isinstance(place, list) else last] = value
        return {"content": scene.filled(json.dumps(document)).encode()}
    return {}


def _send(row: Row, scene: Scene) -> Any:
    method, _, path = row["send"].partition(" ")
    path = scene.filled(path.strip('"'))
    arguments = _body(row, scene)
    headers: dict[Any, str] = {}
    if "content" in arguments:
        headers["Content-Type"] = "application/json"
    headers |= arguments.pop("headers", {})
    headers |= row.get("headers", {})
    client = scene.service.client() if row.get("anonymous") else scene.client
    return client.request(method, path, headers=headers, **arguments)


def test_every_bad_request_is_refused_without_effect(service: Service, definition: dict[str, Any]) -> None:
    """One test over the whole table: each row leaves the service as it was, so that the next can use it."""
    scene = Scene(service, definition)
    before = service.stored()
    wrong = []
    for row in ROWS:
        answer = _send(row, scene)
        try:
            _check(row, answer)
            assert service.stored() == before, "something was stored"
            assert scene.client.get("/healthz").status_code == 200
        except AssertionError as error:
            wrong.append(f"{row['id']} {row['send']}: {answer.status_code} {answer.text[:300]}\n    {error}")
    assert not wrong, f"{len(wrong)} of {len(ROWS)} rows:\n" + "\n".join(wrong)


def test_the_table_is_as_large_as_promised() -> None:
    assert len(ROWS) >= 150
    assert len({row["id"] for row in ROWS}) == len(ROWS)


def _check(row: Row, answer: Any) -> None:
    assert answer.status_code == row["status"], "status"
    problem = assert_problem(answer)
    if "code" in row:
        assert problem.code == row["code"], "code"
    if row["status"] == 405:
        assert answer.headers["allow"], "allow"
    if "fault" in row:
        assert row["fault"] in [error.code for error in problem.errors], "fault"
    if "pointer" in row:
        assert row["pointer"] in [error.pointer for error in problem.errors], "pointer"
    if "allow" in row:
        assert answer.headers["allow"] == row["allow"], "allow"
