"""Barriers of a page, found by axe-core: the rules of WCAG 2.1, levels A and AA, that a program can test."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tools import node

AXE = Path(__file__).parents[2] / "tools" / "axe"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@cache
def _source() -> str:
    node.install(AXE)
    return (AXE / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def source() -> str:
    """axe-core's script: fetched once, skips the test without a network."""
    try:
        return _source()
    except node.NoNetwork as missing:
        pytest.skip(f"axe-core is missing: {missing}")


def barriers(page: Page) -> list[str]:
    """One line for each rule that is broken, with the first places where it is.

    The script is given to the page by the browser's own tools, which the content policy does not bind.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(source())
    found: list[dict[str, Any]] = page.evaluate(
        """async (rules) => {
          const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
          const why = ({ any, all, none }) => [...any, ...all, ...none].map((check) => check.message).join("; ");
          return violations.map(({ id, help, nodes }) => ({ id, help, count: nodes.length,
            first: nodes.slice(0, 3).map((node) => [node.target.join(" "), why(node)]) }));
        }""",
        RULES,
    )
    return [
        f"{one['id']}: {one['help']}: {one['count']} times, as at "
        + ", ".join(f"{place} ({why})" for place, why in one["first"])
        for one in found
    ]
