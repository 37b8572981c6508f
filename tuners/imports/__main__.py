"""The child that reads results: `python -m tuners.imports REQUEST`, a `Request` as JSON; answers in lines."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from tuners.imports.wire import CPU_S, Fault, Refusal, Refused, Reply, Request

_MEMORY_BYTES = 2 * 1024**3


def main(arguments: list[str]) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    # It writes to its pipe only.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    from tuners.imports.keras_tuner import read_project
    from tuners.imports.optuna_file import read_study
    from tuners.imports.results import checked
    from tuners.imports.tables import read_table

    request = Request.model_validate_json(arguments[0])
    path, options = Path(request.path), request.options
    try:
        if request.ending in (".csv", ".json", ".jsonl"):
            found = read_table(path, request.ending, options)
        else:
            found = read_project(path, options) if request.ending == ".zip" else read_study(path, options)
        header, trials = checked(found, options)
    except Refused as refusal:
        _say(Reply(refusal=Refusal(faults=list(refusal.faults))))
        return 0
    except MemoryError:
        fault = Fault(pointer="/file", code="too_costly", detail="reading the file takes more memory than is allowed")
        _say(Reply(refusal=Refusal(faults=[fault])))
        return 0
    _say(Reply(header=header))
    for trial in trials:
        _say(Reply(trial=trial))
    _say(Reply(end=True))
    return 0


def _say(reply: Reply) -> None:
    line = reply.model_dump_json(exclude_defaults=True).encode() + b"\n"
    left = memoryview(line)
    while left:
        left = left[os.write(1, left) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
