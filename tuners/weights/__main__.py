"""The child that looks into an uploaded file of weights: `python -m tuners.weights PATH MAX_BYTES CPU_SECONDS`."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

_MEMORY_BYTES = 2 * 1024**3


def main(arguments: list[str]) -> int:
    path, max_bytes, cpu_s = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    # It only reads, and prints one line.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    from tuners.weights.checking import Unfit, check_weights

    reply: dict[str, str]
    try:
        reply = {"layout": check_weights(path, max_bytes=max_bytes)}
    except Unfit as unfit:
        reply = {"code": unfit.code, "detail": unfit.detail}
    sys.stdout.write(json.dumps(reply) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
