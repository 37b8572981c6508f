"""Runs a command that ends when its parent does: `python -I -S tether.py <parent pid> <command> ...`.

A supervisor killed outright cannot stop its children. Linux can do it in its place: the death signal set here stays
with the process when it becomes the command. Elsewhere, nothing is set, and an orphan has to be ended by hand.
"""

from __future__ import annotations

import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            # It died before the signal was set, and would never be heard of.
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
