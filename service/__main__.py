"""`python -m service [--fd N]`: the API alone, with settings from HEADSTOCK_* and `headstock.toml`."""

from __future__ import annotations

import argparse
import sys

from pydantic import ValidationError

from service.server import RefusedToListen, serve
from storage.errors import HeadstockError
from storage.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m service")
    parser.add_argument("--fd", type=int, default=None, help="descriptor of a listening socket made by the parent")
    arguments = parser.parse_args()
    try:
        serve(Settings(), fd=arguments.fd)
    except (HeadstockError, RefusedToListen, ValidationError) as error:
        sys.stderr.write(f"headstock api: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
