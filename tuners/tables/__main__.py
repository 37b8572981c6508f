"""The child that makes one Parquet file: `python -m tuners.tables SECONDS`.

The first question is the list of columns, each further one a batch of rows, the last one null.
"""

from __future__ import annotations

import base64
import json
import sys

from tuners.children import Answer, answer_lines
from tuners.tables.wire import LINE_LIMIT, READY, Column, Reply


def load() -> Answer:
    from tuners.tables.writing import ParquetPieces

    file: ParquetPieces | None = None

    def answer(line: bytes) -> bytes:
        nonlocal file
        try:
            question = json.loads(line)
            if file is None:
                file = ParquetPieces([Column.model_validate(each) for each in question])
                data = file.begin()
            else:
                data = file.end() if question is None else file.add(question)
            reply = Reply(data=base64.b64encode(data).decode("ascii"))
        except Exception as error:
            reply = Reply(error=f"{type(error).__name__}: {error}"[:1000])
        return reply.model_dump_json().encode()

    return answer


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
