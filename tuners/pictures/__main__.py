"""The drawing child: `python -m tuners.pictures SECONDS`, ended by a closed pipe or that many idle seconds."""

from __future__ import annotations

import base64
import sys

from tuners.children import Answer, answer_lines
from tuners.pictures.figure import LINE_LIMIT, READY, Reply, Request


def load() -> Answer:
    from tuners.pictures.draw import draw

    def answer(line: bytes) -> bytes:
        try:
            request = Request.model_validate_json(line)
            data = draw(request.figure, format=request.format, theme=request.theme)
            reply = Reply(data=base64.b64encode(data).decode("ascii"))
        except Exception as error:
            reply = Reply(error=f"{type(error).__name__}: {error}"[:1000])
        return reply.model_dump_json().encode()

    return answer


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
