"""`python -m tuners.trainer --orders FD --reports FD --parent PID`: a trainer process.

Orders and reports have pipes of their own; standard output and error belong to whatever libraries print there, and are
kept by the worker as the trial's log.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys

from tuners.trainer.guard import die_with_parent, limit_damage, memory_mb


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tuners.trainer")
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--reports", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args(argv)
    die_with_parent(options.parent)
    limit_damage()

    from tuners.trainer.control import Link
    from tuners.trainer.protocol import Ended, Failed, Ready

    # Before Keras is imported, so that a worker that dies meanwhile ends this process too.
    link = Link(os.fdopen(options.orders, "rb"), os.fdopen(options.reports, "wb"))
    link.start()

    import keras
    import numpy

    from storage.records import Failure
    from tuners.datasets.arrays import load_arrays
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    backend = keras.config.backend()
    device = str(keras.distribution.list_devices()[0])
    runner = Runner(load_arrays, build_model)
    _settle_memory()
    versions = {"python": sys.version.split()[0], "keras": keras.__version__, "numpy": numpy.__version__}
    link.send(Ready(backend, device, versions, memory_mb()))
    first = True
    while (job := link.next_job()) is not None:
        outcome = runner.run(job, link.control(job))
        if isinstance(outcome, Failure):
            link.send(Failed(job.trial_id, job.attempt, outcome, memory_mb()))
        else:
            link.send(Ended(job.trial_id, job.attempt, outcome, memory_mb()))
        if first:
            # The first trial imports and caches for all that follow.
            keras.utils.clear_session(free_memory=False)
            _settle_memory()
            first = False
    return 0


def _settle_memory() -> None:
    """Take all that lives now out of the collector's sight: modules, mostly.

    A million objects of TensorFlow's stay for good; looking through them again costs 0.2 s between two trials.
    """
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    # No tidying up after the last trial: interpreter shutdown with TensorFlow's threads alive may hang or crash.
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
