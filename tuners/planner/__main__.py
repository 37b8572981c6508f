"""The planner child: `python -m tuners.planner SECONDS`, ended by a closed pipe or that many idle seconds."""

from __future__ import annotations

import os
import select
import sys

from storage.errors import InvalidDefinition
from tuners.planner.wire import LINE_LIMIT, READY, Reply, Request


def main(arguments: list[str]) -> int:
    idle_s = float(arguments[0])
    # Libraries print; what they print must not get between our lines.
    channel = os.dup(1)
    os.dup2(2, 1)
    from tuners.planner.builders import look_at
    from tuners.planner.check import check

    _write(channel, READY)
    buffer = b""
    while True:
        while b"\n" not in buffer:
            if not select.select([0], [], [], idle_s)[0]:
                return 0
            chunk = os.read(0, 1 << 16)
            if not chunk or len(buffer) > LINE_LIMIT:
                return 0
            buffer += chunk
        line, _, buffer = buffer.partition(b"\n")
        request = Request.model_validate_json(line)
        try:
            discovers = request.explore_s is not None
            reply = Reply(discovery=look_at(request)) if discovers else Reply(size=check(request))
        except InvalidDefinition as error:
            reply = Reply(faults=error.faults)
        except Exception as error:
            reply = Reply(error=f"{type(error).__name__}: {error}"[:1000])
        _write(channel, reply.model_dump_json().encode() + b"\n")


def _write(channel: int, line: bytes) -> None:
    left = memoryview(line)
    while left:
        left = left[os.write(channel, left) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
