"""The child that makes one Parquet file: `python -m tuners.tables SECONDS`.

The first question is the list of columns, each further one a batch of rows, the last one null.
"""

from __future__ import annotations

import sys
from typing import Any

from tuners.child_files import LINE_LIMIT, READY, answering
from tuners.children import Answer, answer_lines
from tuners.tables.wire import Column


def load() -> Answer:
    from tuners.tables.writing import ParquetPieces

    file: ParquetPieces | None = None

    def pieces(question: Any) -> bytes:
        nonlocal file
        if file is None:
            file = ParquetPieces([Column.model_validate(each) for each in question])
            return file.begin()
        return file.end() if question is None else file.add(question)

    return answering(pieces)


if __name__ == "__main__":
    sys.exit(answer_lines(sys.argv[1:], ready=READY, line_limit=LINE_LIMIT, load=load))
