"""`python -m headstock` is the `headstock` command."""

from __future__ import annotations

from headstock.cli import main

if __name__ == "__main__":
    main()
