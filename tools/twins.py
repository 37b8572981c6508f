"""Makes the waiting Python client from the awaiting one: `make twins`.

`clients/python/headstock/_async` is written by hand; the modules beside it of the same names are made here, token by
token: `await` and `async` go, `AsyncClient` becomes `Client`, `AsyncIterator` becomes `Iterator`. What differs in more
than that is in `_seam.py`, twice by hand. A test compares what lies there with what this would write.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "clients" / "python" / "headstock"
SOURCES = PACKAGE / "_async"
BY_HAND = frozenset({"__init__.py", "_seam.py"})
NAMES = {
    "AsyncGenerator": "Iterator",
    "asynccontextmanager": "contextmanager",
    "aclose": "close",
    "aread": "read",
    "aiter_bytes": "iter_bytes",
    "aiter_lines": "iter_lines",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
}
# In prose: the words of one kind of concurrency for those of the other.
PROSE = {"safe to share between tasks": "safe to share between threads"}
# What is left over: other orders of imports, some that nobody needs, loops that say too much.
MENDED = ("I", "F401", "UP028")


def waiting(source: str, name: str) -> str:
    """The waiting twin of an awaiting module, formatted."""
    head = f"# Made from _async/{name} by `make twins`: edit that one.\n"
    code = _plain(source).replace("headstock._async", "headstock")
    code = re.sub(r"\bAwaitable\[(\w+)\]", r"\1", code)
    mended = _ruff(["check", "--quiet", "--fix-only", "--unsafe-fixes", "--select", ",".join(MENDED)], code, name)
    return head + _ruff(["format", "--quiet"], mended, name)


def modules() -> list[str]:
    """Names of the modules that are made."""
    return sorted(path.name for path in SOURCES.glob("*.py") if path.name not in BY_HAND)


def _plain(source: str) -> str:
    parts: list[str] = []
    at = (1, 0)
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        between = _between(lines, at, token.start)
        at = token.end
        if token.type == tokenize.NAME and token.string in ("async", "await"):
            parts.append(between)
            # With the blank after it.
            at = (token.end[0], token.end[1] + 1)
            continue
        # What is written, not what the tokenizer makes of it: it takes doubled braces of f-strings for one.
        parts += [between, _renamed(token.type, _between(lines, token.start, token.end))]
    return "".join(parts)


def _renamed(kind: int, text: str) -> str:
    if kind == tokenize.NAME:
        return NAMES.get(text) or re.sub(r"^(_?)Async(?=[A-Z])", r"\1", text)
    if kind in (tokenize.COMMENT, tokenize.STRING) or tokenize.tok_name[kind].startswith("FSTRING"):
        for words, others in PROSE.items():
            text = text.replace(words, others).replace(words.capitalize(), others.capitalize())
        return re.sub(r"\bAsync(?=[A-Z])", "", text)
    return text


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """The text from one place, as line and column, to another."""
    if start >= end or start[0] > len(lines):
        return ""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return "".join([lines[start[0] - 1][start[1] :], *lines[start[0] : end[0] - 1], last])


def _ruff(arguments: list[str], code: str, name: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(PACKAGE / name), "-"]
    return subprocess.run(command, input=code, capture_output=True, text=True, check=True).stdout


def main() -> None:
    for name in modules():
        target = PACKAGE / name
        text = waiting((SOURCES / name).read_text(encoding="utf-8"), name)
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            print(target.relative_to(PACKAGE.parent))


if __name__ == "__main__":
    main()
