"""The child that looks into data sets: `python -m tuners.datasets.preview_child SECONDS`."""

from __future__ import annotations

import sys

from storage.errors import ArtifactDamaged
from tuners.children import Answer, answer_lines
from tuners.datasets.preview_wire import LINE_LIMIT, READY, PreviewQuestion, PreviewReply


def load() -> Answer:
    from tuners.datasets.looking import look

    def answer(line: bytes) -> bytes:
        try:
            reply = PreviewReply(preview=look(PreviewQuestion.model_validate_json(line)))
        except ArtifactDamaged as error:
            reply = PreviewReply(damaged=error.message)
        except Exception as error:
            reply = PreviewReply(error=f"{type(error).__name__}: {error}"[:1000])
        return reply.model_dump_json().encode()

    return answer


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
