"""What the form's scripts make of a text, called by themselves in a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Board
from tests.browser.submit_desk import definition_of
from tuners.catalogue import catalogue
from tuners.definitions import Definition
from tuners.templates import template_names

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def modules(board: Board, chromium: Browser) -> Iterator[Page]:
    """A page whose modules are called by themselves."""
    page = chromium.new_page()
    page.goto(board.link())
    yield page
    page.close()


def called(modules: Page, module: str, *calls: list[Any]) -> list[Any]:
    """What functions of a module of the page answer: each call is its name and its arguments."""
    found = modules.evaluate(
        """async ([module, calls]) => {
            const m = await import(module);
            return calls.map(([name, ...given]) => m[name](...given));
        }""",
        [f"/assets/any/js/views/submit/{module}.js", list(calls)],
    )
    assert isinstance(found, list)
    return found


def test_edits_of_a_text_change_only_what_they_mean_to(modules: Page) -> None:
    source = '{\n  "a": {"x": 1.0, "10": 1e-3, "2": [ 1,2 ]},\n  "b": [\n    {"n": 1},\n    {"n": 2}\n  ]\n}\n'
    put, moved, gone, added, renamed, made = called(
        modules,
        "text",
        ["put", source, ["b", "1", "n"], 3],
        ["move", source, ["b", "0"], ["b"], 2],
        ["without", source, ["a", "x"]],
        ["insert", source, ["b"], 1, {"n": 9}],
        ["renameKey", source, ["a", "10"], "ten"],
        ["put", source, ["c", "d", "e"], True],
    )
    assert put == source.replace('{"n": 2}', '{"n": 3}')
    assert json.loads(moved)["b"] == [{"n": 2}, {"n": 1}]
    assert gone == source.replace('"x": 1.0, ', "")
    assert added == source.replace('{"n": 1},', '{"n": 1},\n    {"n": 9},')
    assert renamed == source.replace('"10"', '"ten"')
    assert made == source.replace("\n  ]\n}", '\n  ],\n  "c": {"d": {"e": true}}\n}')


def test_laying_a_text_out_changes_no_value_and_is_done_once(modules: Page) -> None:
    texts = called(modules, "text", *(["layOut", json.dumps(definition_of(name))] for name in template_names()))
    assert called(modules, "text", *(["layOut", laid] for laid in texts)) == texts
    for name, laid in zip(template_names(), texts, strict=True):
        assert json.loads(laid) == definition_of(name)
        assert list(json.loads(laid)) == list(definition_of(name))
        assert max(map(len, laid.splitlines())) <= 124


def test_pointers_lead_to_lines(modules: Page) -> None:
    source = '{\n  "a": {\n    "b/c": [1,\n      {"d": 2}]\n  }\n}'
    places = modules.evaluate(
        """async ([source, pointers]) => {
            const { parse, placeOf, lineOf } = await import('/assets/any/js/views/submit/json.js');
            return pointers.map((pointer) => {
                const { from, to, exact } = placeOf(parse(source), pointer);
                return [lineOf(source, from), source.slice(from, to), exact];
            });
        }""",
        [source, ["", "/a", "/a/b~1c/1/d", "/a/b~1c/1/missing", "/a/b~1c/0"]],
    )
    assert places == [
        [1, "{", True],
        [2, '"a"', True],
        [4, "2", True],
        [4, "{", False],
        [3, "1", True],
    ]


def test_what_is_no_json_is_told_with_its_place(modules: Page) -> None:
    wrong = {
        '{"a": 1,}': 7, '{"a": 01}': 6, '{"a": 1 "b": 2}': 8, '{"a": "x}': 6, "[1, 2": 5, '{"a": 1, "a": 2}': 9, "": 0,
    }  # fmt: skip
    found = modules.evaluate(
        """async (sources) => {
            const { parse } = await import('/assets/any/js/views/submit/json.js');
            return sources.map((source) => { try { parse(source); return null; } catch (fault) { return fault.at; } });
        }""",
        list(wrong),
    )
    assert found == list(wrong.values())


def test_hyperparameters_follow_what_is_done_with_them(modules: Page) -> None:
    source = json.dumps(definition_of("sequence"))
    units = {"kinds": ["int"], "required": True, "minimum": 1, "maximum": 1000000}
    inner = ["model", "layers", "0", "layers", "0", "kernel_size"]
    tuned, renamed, fixed = called(
        modules,
        "holes",
        ["tune", source, inner, units, {"owner": "Conv1D"}],
        ["rename", source, 0, "kind"],
        ["fix", source, ["model", "layers", "0", "layers", "0", "filters"], 16],
    )
    made = json.loads(tuned)["hyperparameters"][-1]
    assert made == {"name": "kernel_size", "type": "choice", "values": [3, 5], "when": [{"hp": "smooth"}]}
    assert '"cell"' not in renamed
    assert renamed.count('"kind"') == 5
    assert "filters" not in [one["name"] for one in json.loads(fixed)["hyperparameters"]]


def test_the_forms_own_ranges_are_those_of_the_service(modules: Page) -> None:
    """What the catalogue does not list is written in `frame.js`."""
    fields = modules.evaluate("import('/assets/any/js/views/submit/frame.js').then((m) => m.FIELDS)")
    schema = Definition.model_json_schema()
    parts = {
        "limits": "SearchLimits",
        "cross_validation": "CrossValidation",
        "dataset": "DatasetReference",
        "numbers": "Numbers",
        "categories": "Categories",
        "text": "Text",
        "sequence": "Sequence",
        "window": "Window",
        "fit": "Fit",
    }
    compared = 0
    for part, model in [*parts.items(), ("search", "")]:
        properties = schema["$defs"][model]["properties"] if model else schema["properties"]
        for name, said in fields[part].items():
            meant = properties[name]
            for one in meant.get("anyOf", [meant]):
                if one.get("type") in ("integer", "number"):
                    ours = [said.get(key) for key in ("minimum", "exclusive_minimum", "maximum", "exclusive_maximum")]
                    assert ours == [
                        one.get(key) for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
                    ], (part, name)
                    compared += 1
                elif "enum" in one:
                    assert said["choices"] == one["enum"], (part, name)
                    compared += 1
            if meant.get("default") is not None and "default" in said:
                assert said["default"] == meant["default"], (part, name)
    assert compared > 20


def test_every_template_and_tuner_has_its_sentence(modules: Page) -> None:
    templates, tuners = modules.evaluate(
        "import('/assets/any/js/views/submit/frame.js').then((m) => [Object.keys(m.TEMPLATES), Object.keys(m.TUNERS)])"
    )
    assert sorted(templates) == sorted(template_names())
    assert sorted(tuners) == sorted(catalogue().tuners)


def test_whatever_is_added_begins_with_allowed_values(modules: Page) -> None:
    known = catalogue()
    begun = modules.evaluate(
        """async () => {
            const { fresh } = await import("/assets/any/js/views/submit/fields/things.js");
            const { catalogue } = await import("/assets/any/js/views/submit/catalogue.js");
            const found = catalogue(await (await fetch("/v1/catalog")).json());
            return ["layer", "callback"].flatMap((own) => found.groups(own).flatMap(([, members]) =>
                members.map(({ name }) => [own, fresh({ catalogue: found }, own, name)])));
        }"""
    )
    assert len(begun) == len(known.layers) + len(known.callbacks)
    for own, made in begun:
        entry = (known.layers if own == "layer" else known.callbacks)[made.pop(own)]
        needed = {name for name, argument in entry.arguments.items() if argument.required}
        assert set(made) == needed, entry.name
        for name, value in made.items():
            assert isinstance(value, dict) or entry.arguments[name].fault(value) is None, (entry.name, name, value)
