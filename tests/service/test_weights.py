"""Uploaded weights: taken in, listed, deleted, and named by definitions."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from starlette.testclient import TestClient

from service.check import check_files
from service.context import Context
from service.weights import with_known_weights
from storage.errors import InvalidDefinition
from storage.ids import SearchId
from tests.service.assembled import Service
from tests.service.scenes import start_trials
from tuners.definitions import parse_definition


def h5(write: Callable[[h5py.File], object]) -> bytes:
    """An HDF5 file as `save_weights` of Keras 3 lays it out, and what `write` adds to it."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = np.ones((3, 2), dtype="float32")
        write(file)
    return content.getvalue()


def post(client: TestClient, content: bytes, *, name: str = "mine", filename: str = "a.weights.h5") -> Any:
    return client.post("/v1/weights", files={"file": (filename, content)}, data={"name": name})


def good(file: h5py.File) -> None:
    file["layers/dense/vars/1"] = np.zeros(2)


def test_weights_are_uploaded_listed_read_and_deleted(service: Service, ada: TestClient) -> None:
    answer = post(ada, h5(good), filename="../../a.weights.h5")
    assert answer.status_code == 201
    weights = answer.json()
    assert weights["format"] == ".weights.h5"
    assert list((service.settings.data_dir / "uploads").iterdir()) == []
    assert ada.get("/v1/weights").json()["items"] == [weights]
    assert ada.get(answer.headers["location"]).json() == weights
    assert list(check_files(service.repository, service.store)) == []
    bob = service.client(service.token(owner="bob"))
    assert bob.get("/v1/weights").json()["items"] == []
    assert bob.get(answer.headers["location"]).status_code == 404
    assert bob.delete(answer.headers["location"]).status_code == 404
    assert ada.delete(answer.headers["location"]).status_code == 204
    assert ada.delete(answer.headers["location"]).status_code == 404
    assert not list(service.store.keys())


def test_the_older_format_is_known_by_its_content_and_not_by_its_name(service: Service, ada: TestClient) -> None:
    def older(file: h5py.File) -> None:
        file.attrs["layer_names"] = [b"dense"]

    assert post(ada, h5(older)).json()["format"] == ".h5"


def test_a_taken_name_is_refused_and_leaves_no_file(service: Service, ada: TestClient) -> None:
    assert post(ada, h5(good)).status_code == 201
    before = service.stored()
    refused = post(ada, h5(good))
    assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")
    assert service.stored() == before
    assert post(service.client(service.token(owner="bob")), h5(good)).status_code == 201


def test_a_missing_file_is_found_by_fsck(service: Service, ada: TestClient) -> None:
    post(ada, h5(good))
    (key,) = service.store.keys()
    service.store.delete(key)
    assert [found.invariant for found in check_files(service.repository, service.store)] == ["file_whole"]


def soft(file: h5py.File) -> None:
    file["again"] = h5py.SoftLink("/layers")


def external(file: h5py.File) -> None:
    file["passwords"] = h5py.ExternalLink("/etc/passwd", "/")


def outside(file: h5py.File) -> None:
    file.create_dataset("raw", shape=(8,), dtype="u1", external=[("/etc/hostname", 0, 8)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(2,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(2,))
    file.create_virtual_dataset("virtual", layout)


def texts(file: h5py.File) -> None:
    file["names"] = ["a", "b"]


def objects(file: h5py.File) -> None:
    file["compound"] = np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])


def named_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f4")


def bomb(file: h5py.File) -> None:
    file.create_dataset("bomb", shape=(10**9,), dtype="f4", chunks=(10**6,), compression="gzip")


def deep(file: h5py.File) -> None:
    file["/".join("a" * 80)] = np.zeros(1)


BAD: list[tuple[str, bytes, str]] = [
    ("soft link", h5(soft), "link_not_allowed"),
    ("external link", h5(external), "link_not_allowed"),
    ("array in another file", h5(outside), "link_not_allowed"),
    ("virtual array", h5(virtual), "link_not_allowed"),
    ("texts", h5(texts), "not_numbers"),
    ("records", h5(objects), "not_numbers"),
    ("named type", h5(named_type), "not_numbers"),
    ("more bytes than allowed once unpacked", h5(bomb), "too_large"),
    ("nested too deeply", h5(deep), "too_deep"),
    ("no HDF5 at all", b"\x80\x04\x95 pickled", "damaged"),
    ("cut off", h5(good)[:-600], "damaged"),
]


@pytest.mark.parametrize(("content", "code"), [(c, code) for _, c, code in BAD], ids=[name for name, _, _ in BAD])
def test_files_with_anything_but_weights_are_refused(
    service: Service, ada: TestClient, content: bytes, code: str
) -> None:
    refused = post(ada, content)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_weights")
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [("/file", code)]
    assert not list(service.store.keys())
    assert list((service.settings.data_dir / "uploads").iterdir()) == []


def test_a_file_of_another_program_is_refused(ada: TestClient) -> None:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["measurements"] = np.zeros(3)
    assert post(ada, content.getvalue()).json()["errors"][0]["code"] == "no_weights"


def test_groups_that_lead_back_to_themselves_end(ada: TestClient) -> None:
    def circle(file: h5py.File) -> None:
        file["layers/dense/around"] = file["layers"]

    assert post(ada, h5(circle)).status_code == 201


def application(weights: object) -> dict[str, Any]:
    return {
        "name": "fine",
        "dataset": {"name": "digits"},
        "model": {
            "type": "application",
            "application": "VGG16",
            "image_size": [32, 32],
            "weights": weights,
            "head": [{"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"}],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 2, "validation_split": 0.2},
        "hyperparameters": [{"name": "learning_rate", "type": "float", "min_value": 1e-6, "max_value": 1e-2}],
        "objective": {"name": "val_accuracy"},
        "tuner": {"type": "random"},
        "limits": {"max_trials": 2},
    }


def test_a_search_goes_on_meaning_the_weights_it_was_given(ada: TestClient) -> None:
    weights = post(ada, h5(good)).json()
    for named in ("mine", weights["id"]):
        search = ada.post("/v1/searches", json=application({"weights": named})).json()
        assert search["definition"]["model"]["weights"] == {"weights": weights["id"]}


@pytest.mark.parametrize(
    ("weights", "pointer"),
    [
        ({"weights": "yours"}, "/model/weights/weights"),
        ({"weights": "../../etc/passwd"}, "/model/weights/weights"),
        ({"trial": "t_" + "0" * 32}, "/model/weights/trial"),
    ],
)
def test_unknown_weights_are_refused(ada: TestClient, weights: object, pointer: str) -> None:
    refused = ada.post("/v1/searches", json=application(weights))
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [(pointer, "unknown_weights")]


def test_others_weights_are_unknown(service: Service, ada: TestClient) -> None:
    theirs = post(service.client(service.token(owner="bob")), h5(good)).json()
    refused = ada.post("/v1/searches", json=application({"weights": theirs["id"]}))
    assert refused.json()["errors"][0]["code"] == "unknown_weights"


@pytest.mark.parametrize(
    "weights", ["/etc/passwd", "weights.h5", "https://example.org/w.h5", "hf://a/b", {"path": "w.h5"}, ["imagenet"], 7]
)
def test_paths_and_addresses_are_no_weights(ada: TestClient, weights: object) -> None:
    refused = ada.post("/v1/searches", json=application(weights))
    assert refused.status_code == 422
    assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
        ("/model/weights", "weights_not_allowed")
    ]


def test_imagenet_is_refused_without_downloads_unless_its_file_is_here(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    definition = parse_definition(application("imagenet"))
    allowed: Context = service.app.state.context
    assert with_known_weights(definition, owner="ada", ctx=allowed) == definition
    offline = dataclasses.replace(allowed, settings=service.settings.model_copy(update={"downloads": False}))
    with pytest.raises(InvalidDefinition) as refused:
        with_known_weights(definition, owner="ada", ctx=offline)
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/model/weights", "weights_not_allowed")
    ]
    models = tmp_path / "keras" / "models"
    models.mkdir(parents=True)
    (models / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    assert with_known_weights(definition, owner="ada", ctx=offline) == definition


def test_an_earlier_trial_must_have_kept_weights_of_that_backbone(service: Service, ada: TestClient) -> None:
    """The id of a trial of another model, of another backbone, and of one that has kept nothing."""
    plain = {**application(None), "model": {"type": "sequential", "layers": application(None)["model"]["head"]}}
    plain["model"]["layers"] = [{"layer": "Flatten"}, *plain["model"]["layers"]]
    for document, says in ((plain, "no backbone"), (application(None), "kept no weights")):
        search_id = ada.post("/v1/searches", json=document).json()["id"]
        (trial,) = start_trials(service.repository, SearchId(search_id), [{"learning_rate": 0.001}])
        refused = ada.post("/v1/searches", json=application({"trial": trial.id}))
        (fault,) = refused.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/model/weights/trial", "unknown_weights")
        assert says in fault["detail"]
    other = application({"trial": trial.id})
    other["model"]["application"] = "VGG19"
    assert "`VGG16`" in ada.post("/v1/searches", json=other).json()["errors"][0]["detail"]
