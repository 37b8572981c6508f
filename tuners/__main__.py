"""`python -m tuners ROLE [options]`: starts a coordinator or a worker."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

ROLES = ("coordinator", "worker")


def main(argv: Sequence[str]) -> int:
    """Run the role named first until it ends; the exit code."""
    if not argv or argv[0] not in ROLES:
        sys.stderr.write(f"usage: python -m tuners {{{'|'.join(ROLES)}}} [options]\n")
        return 0 if argv and argv[0] in {"-h", "--help"} else 2
    # Imported by name and late: the roles need different libraries.
    role = importlib.import_module(f"tuners.roles.{argv[0]}")
    return int(role.main(argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
