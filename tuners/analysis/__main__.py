"""The analysing child: `python -m tuners.analysis SECONDS`, ended by a closed pipe or that many idle seconds."""

from __future__ import annotations

import sys

from tuners.analysis.importance import importance
from tuners.analysis.wire import LINE_LIMIT, READY, ImportanceQuestion, Question, Reply
from tuners.children import Answer, answer_lines


def load() -> Answer:
    def answer(line: bytes) -> bytes:
        try:
            question = Question.model_validate_json(line).question
            if isinstance(question, ImportanceQuestion):
                reply = Reply(importance=importance(question))
            else:
                # Its libraries are its own: no other question waits for them.
                from tuners.analysis.surface import surface

                reply = Reply(surface=surface(question))
        except Exception as error:
            reply = Reply(error=f"{type(error).__name__}: {error}"[:1000])
        return reply.model_dump_json().encode()

    return answer


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
