"""`python -m tuners.trainer.export`: makes one `.keras` file; the request comes as JSON on standard input."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuners.exporting import DAMAGED


def export(resolved: Mapping[str, Any], weights: Path, out: Path) -> None:
    """Write the model of `resolved` with the weights of a checkpoint to `out`, a path ending in `.keras`.

    Raises:
        CheckpointDamaged: The checkpoint is not whole, or of another model.
    """
    # The environment must be set before Keras is imported, so not at the top.
    from tuners.trainer import checkpoints
    from tuners.trainer.builder import build_model

    snapshot = checkpoints.read(weights)
    model = build_model(resolved)
    variables, saved = list(model.variables), snapshot.of_role("model")
    checkpoints.check_fit(variables, saved, role="model")
    checkpoints.assign(variables, saved)
    # Else whoever loads the file is warned that the optimizer's variables are missing.
    if getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
    model.save(out)


def main() -> int:
    request = json.load(sys.stdin)
    from tuners.trainer.checkpoints import CheckpointDamaged

    try:
        export(request["resolved"], Path(request["weights"]), Path(request["out"]))
    except CheckpointDamaged as error:
        sys.stdout.write(str(error))
        return DAMAGED
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not the interpreter's way out: TensorFlow's threads may hang it.
    os._exit(code)
