"""A picture of `headstock watch` over a real search that trains in a folder of its own: docs/images/watch.svg.

python tools/terminal_picture.py [--to docs/images/watch.svg]
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import time
from pathlib import Path

from headstock.cli.child import ChildServer
from headstock.cli.demo import DEFINITION
from headstock.searches import Search
from headstock.terminal.board import Board
from headstock.terminal.feed import Feed
from headstock.terminal.screen import Looking, picture
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import MONOKAI

WIDTH, HEIGHT = 132, 38
READY_S, SEARCH_S = 120.0, 300.0
SHOWN_SEARCH = {
    **DEFINITION,
    "name": "digits-mlp",
    "fit": {**DEFINITION["fit"], "epochs": 20},
    "tuner": {"type": "random"},
    "limits": {"max_trials": 24},
}
# The letters of whoever looks at it: a picture in the docs fetches nothing from elsewhere.
FORMAT = re.sub(r"@font-face \{\{.*?\n    \}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code,", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas,"
)


def worth_showing(board: Board) -> bool:
    """Some trials have ended, and two are in the midst of training."""
    depths = [last[0] for trial in board.running if (last := board.last(trial)) is not None]
    return len(board.ranked) >= 9 and len(depths) >= 2 and min(depths) >= 5


def board_of(search: Search) -> Board:
    """The search at a moment that is worth showing."""
    board = Board(search.record)
    deadline = time.monotonic() + SEARCH_S
    with Feed(search) as feed:
        while not worth_showing(board) and not board.ended and time.monotonic() < deadline:
            for message in feed.messages(timeout_s=0.1):
                board.take(message)
    return board


def drawn(board: Board) -> str:
    """The screen as SVG."""
    console = Console(
        width=WIDTH, height=HEIGHT, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(picture(board, Looking(), width=WIDTH, height=HEIGHT), height=HEIGHT)
    return console.export_svg(title="headstock watch", theme=MONOKAI, code_format=FORMAT, unique_id="watch")


def main() -> None:
    parser = argparse.ArgumentParser(description="A picture of `headstock watch`.")
    parser.add_argument("--to", type=Path, default=Path("docs/images/watch.svg"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headstock-picture-") as folder:
        child = ChildServer.start(Path(folder), slots=2)
        try:
            with child.connect(timeout_s=READY_S) as client:
                search = client.submit(SHOWN_SEARCH)
                options.to.parent.mkdir(parents=True, exist_ok=True)
                options.to.write_text(drawn(board_of(search)), encoding="utf-8")
                search.cancel()
        finally:
            child.stop()
    print(f"Wrote {options.to}")


if __name__ == "__main__":
    main()
