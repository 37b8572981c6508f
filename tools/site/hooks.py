"""What MkDocs does besides rendering docs/: pages from the OpenAPI document, and no links out of docs/."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.openapi_document import openapi_document
from tools.site.rest_pages import rest_pages

_LINK_OUT = re.compile(r"\[`?([^\]`]+)`?\]\((?:\.\./)+(?!decisions|examples)[^)]*\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds a page of the reference for each group of operations to the navigation."""
    config["extra"]["rest_pages"] = rest_pages(openapi_document())
    section = _section(config["nav"] or [], "REST operations")
    section.extend({tag.capitalize(): f"rest-operations/{tag}.md"} for tag in config["extra"]["rest_pages"])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for tag, text in config["extra"]["rest_pages"].items():
        files.append(File.generated(config, f"rest-operations/{tag}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files of the repository that are no pages become plain code: they lead nowhere from the site."""
    return _LINK_OUT.sub(r"`\1`", markdown)


def _section(nav: list[Any], name: str) -> list[Any]:
    for entry in nav:
        for title, inside in entry.items() if isinstance(entry, dict) else ():
            if title == name:
                found: list[Any] = inside
                return found
            if isinstance(inside, list):
                try:
                    return _section(inside, name)
                except KeyError:
                    continue
    raise KeyError(name)
