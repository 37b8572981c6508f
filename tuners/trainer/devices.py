"""Where trainers run, and the environment that pins each to its place.

The environment must be complete before the child's interpreter starts: TensorFlow, JAX, PyTorch and OpenMP read it when
they are imported, and never again. Nothing here imports them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pynvml

import tuners

# What a trainer may see of its worker's environment. The list names what is passed on, not what is held back: database
# addresses, tokens and cloud keys must not reach a process that trains whatever a client defined.
_PASSED = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD",
    "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "TF_GPU_THREAD_MODE",
    "TF_FORCE_UNIFIED_MEMORY", "TF_DETERMINISTIC_OPS", "XLA_FLAGS", "KERAS_HOME", "MALLOC_ARENA_MAX",
    # Which builders there are, and whether clients' code may run: `tuners.registered.child_environment`.
    "HEADSTOCK_BUILDERS", "HEADSTOCK_CODE",
})  # fmt: skip
_PASSED_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "NCCL_", "CUDNN_")


@dataclass(frozen=True, slots=True)
class Place:
    """One training place: its number, and the GPU it uses (an index or UUID for CUDA), or None for the CPU."""

    number: int
    gpu: str | None

    @property
    def device(self) -> str:
        return "cpu" if self.gpu is None else f"gpu:{self.gpu}"


def places(slots: int, gpus: tuple[str, ...]) -> tuple[Place, ...]:
    """`slots` places, dealt over the GPUs in turn; several on one GPU share its memory by growth."""
    return tuple(Place(number, gpus[number % len(gpus)] if gpus else None) for number in range(slots))


def visible_gpus(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs this process may use, as CUDA names them: CUDA_VISIBLE_DEVICES if it is set, else all there are."""
    stated = environment.get("CUDA_VISIBLE_DEVICES")
    if stated is not None:
        names = tuple(part.strip() for part in stated.split(",") if part.strip())
        return () if "-1" in names else names
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        return tuple(str(index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError:
        return ()
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def cores() -> int:
    """Cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def trainer_environment(
    place: Place, *, slots: int, backend: str, inherited: Mapping[str, str], cores: int
) -> dict[str, str]:
    """The whole environment of the trainer at `place`."""
    threads = str(max(1, cores // max(1, slots)))
    environment = {
        name: value for name, value in inherited.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }
    root = str(Path(tuners.__file__).resolve().parent.parent)
    path = [root, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment |= {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(path)),
        "PYTHONUNBUFFERED": "1",
        "KERAS_BACKEND": backend,
        "CUDA_VISIBLE_DEVICES": place.gpu if place.gpu is not None else "-1",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        # Warnings and errors only; the rest would fill the trial's log.
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
    if place.gpu is None:
        environment["JAX_PLATFORMS"] = "cpu"
    if backend == "jax" and threads == "1":
        flags = environment.get("XLA_FLAGS", "")
        environment["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1".strip()
    return environment
