"""The child that makes one zip of event files: `python -m tuners.event_files SECONDS`; a message a line."""

from __future__ import annotations

import sys

from tuners.child_files import LINE_LIMIT, READY, answering
from tuners.children import Answer, answer_lines
from tuners.event_files.wire import MESSAGE


def load() -> Answer:
    from tuners.event_files.writing import ZippedRuns

    runs = ZippedRuns()
    return answering(lambda question: runs.take(MESSAGE.validate_python(question, strict=False)))


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
