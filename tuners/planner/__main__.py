"""The planner child: `python -m tuners.planner SECONDS`, ended by a closed pipe or that many idle seconds."""

from __future__ import annotations

import gc
import sys

from storage.errors import InvalidDefinition
from tuners.children import Answer, answer_lines
from tuners.planner.wire import LINE_LIMIT, READY, Reply, Request


def load() -> Answer:
    from tuners.planner.builders import look_at
    from tuners.planner.check import check

    # A million objects of TensorFlow's stay for good; looking through them again costs 0.3 s for each model built.
    gc.collect()
    gc.freeze()

    def answer(line: bytes) -> bytes:
        request = Request.model_validate_json(line)
        try:
            discovers = request.explore_s is not None
            reply = Reply(discovery=look_at(request)) if discovers else Reply(size=check(request))
        except InvalidDefinition as error:
            reply = Reply(faults=error.faults)
        except Exception as error:
            reply = Reply(error=f"{type(error).__name__}: {error}"[:1000])
        return reply.model_dump_json().encode()

    return answer


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
