"""Where trainers run, and what of the worker's environment they get to see."""

from __future__ import annotations

import pytest

from tuners.trainer.devices import Place, places, trainer_environment, visible_gpus


def environment(place: Place, **inherited: str) -> dict[str, str]:
    return trainer_environment(place, slots=4, backend="tensorflow", inherited=inherited, cores=8)


def test_slots_are_dealt_over_the_gpus() -> None:
    assert [place.device for place in places(3, ())] == ["cpu", "cpu", "cpu"]
    assert [place.device for place in places(5, ("0", "3"))] == ["gpu:0", "gpu:3", "gpu:0", "gpu:3", "gpu:0"]


@pytest.mark.parametrize(
    ("stated", "gpus"), [("0,1", ("0", "1")), (" 2 ", ("2",)), ("", ()), ("-1", ()), ("GPU-1a2b", ("GPU-1a2b",))]
)
def test_stated_gpus_are_the_ones_used(stated: str, gpus: tuple[str, ...]) -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": stated}) == gpus


def test_each_trainer_is_pinned_to_its_gpu_and_its_share_of_the_cores() -> None:
    pinned = environment(Place(1, "3"), CUDA_VISIBLE_DEVICES="0,3")
    assert pinned["CUDA_VISIBLE_DEVICES"] == "3"
    assert pinned["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert "JAX_PLATFORMS" not in pinned
    threads = {name: pinned[name] for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}
    assert set(threads.values()) == {"2"}


def test_trainer_without_a_gpu_sees_none() -> None:
    alone = environment(Place(0, None), CUDA_VISIBLE_DEVICES="0,1")
    assert alone["CUDA_VISIBLE_DEVICES"] == "-1"
    assert alone["JAX_PLATFORMS"] == "cpu"


def test_more_slots_than_cores_still_get_a_thread() -> None:
    got = trainer_environment(Place(0, None), slots=16, backend="jax", inherited={}, cores=2)
    assert got["OMP_NUM_THREADS"] == "1"
    assert got["KERAS_BACKEND"] == "jax"


def test_secrets_and_addresses_are_not_passed_on() -> None:
    got = environment(
        Place(0, None),
        HEADSTOCK_DATABASE_URL="postgresql://u:p@h/d",
        HEADSTOCK_TOKEN="t",
        PGPASSWORD="p",
        AWS_SECRET_ACCESS_KEY="k",
        SSH_AUTH_SOCK="/s",
        KUBERNETES_SERVICE_HOST="h",
        PATH="/bin",
        LC_ALL="C.UTF-8",
    )
    assert not {"postgresql://u:p@h/d", "t", "p", "k", "/s", "h"} & set(got.values())
    assert (got["PATH"], got["LC_ALL"]) == ("/bin", "C.UTF-8")
