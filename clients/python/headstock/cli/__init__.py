"""The `headstock` command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line on the process's arguments; leaves with its exit code."""
    from headstock.cli.app import app

    try:
        app(prog_name="headstock")
    except BrokenPipeError:
        # The reader (`| head`) has had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
