"""A new search: the form, the JSON editor, what the service says of them, and what becomes of a draft."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from service import examples
from tests.browser.conftest import Board
from tests.waiting import wait_until
from tuners.catalogue import catalogue
from tuners.definitions import Definition
from tuners.templates import template, template_names

pytestmark = pytest.mark.browser


def definition_of(name: str) -> dict[str, Any]:
    return dict(template(name))


def opened(page: Page, board: Board, query: str = "template=mlp") -> None:
    page.goto(f"{board.address}/#/new?{query}")
    expect(page.get_by_role("heading", name="New search")).to_be_visible()
    expect(page.get_by_role("button", name="Submit search")).to_be_enabled()
    expect(page.get_by_label("Definition as JSON")).to_be_visible()


def text(page: Page) -> str:
    """What the editor holds: the screen shows only the part in sight."""
    return str(page.evaluate("document.querySelector('.editor-host').view.state.doc.toString()"))


def document(page: Page) -> dict[str, Any]:
    found = json.loads(text(page))
    assert isinstance(found, dict)
    return found


def write(page: Page, before: str, after: str) -> None:
    """Type in the editor: the first `before` is marked and written over."""
    page.evaluate(
        """([before, after]) => {
            const view = document.querySelector('.editor-host').view;
            const from = view.state.doc.toString().indexOf(before);
            if (from < 0) throw new Error(`not in the document: ${before}`);
            view.dispatch({ selection: { anchor: from, head: from + before.length }, scrollIntoView: true });
            view.focus();
        }""",
        [before, after],
    )
    page.keyboard.insert_text(after)


def layer(page: Page, number: int) -> Locator:
    """A row of the outermost list of layers."""
    return page.locator(f'[data-row="/model/layers/{number}"]')


def field(page: Page, pointer: str) -> Locator:
    return page.locator(f'.form-place [data-pointer="{pointer}"]')


def submitted(page: Page, board: Board) -> dict[str, Any]:
    """Submit, and the search as the API has it."""
    page.get_by_role("button", name="Submit search").click()
    page.wait_for_url(re.compile("#/searches/s_"))
    found = board.ada.get(f"/v1/searches/{page.url.split('/')[-1]}").json()
    assert isinstance(found, dict)
    return found


def test_a_template_is_submitted_as_it_is(page: Page, board: Board) -> None:
    page.goto(f"{board.address}/#/new")
    for name in template_names():
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.get_by_role("button", name="mlp", exact=True).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("mlp")
    expect(page.get_by_label("Definition as JSON")).to_be_visible()
    assert document(page) == definition_of("mlp")
    search = submitted(page, board)
    assert search["definition"]["model"] == definition_of("mlp")["model"]
    assert search["definition"]["tuner"] == definition_of("mlp")["tuner"] | {"hyperband_iterations": 1}
    page.goto(f"{board.address}/#/new")
    expect(page.get_by_role("button", name="mlp", exact=True)).to_be_visible()
    expect(page.get_by_text("A draft from")).to_have_count(0)


def test_every_template_has_its_form_and_stays_the_same_document(page: Page, board: Board) -> None:
    for name in template_names():
        page.goto(f"{board.address}/#/new?template={name}")
        expect(page.get_by_label("Name", exact=True)).to_have_value(name)
        expect(page.get_by_label("Definition as JSON")).to_be_visible()
        assert document(page) == definition_of(name)
        expect(page.get_by_text("The form has no fields for")).to_have_count(0)
        expect(page.locator(".space > li")).to_have_count(len(definition_of(name)["hyperparameters"]))


def test_a_value_is_tuned_and_fixed_again(page: Page, board: Board) -> None:
    opened(page, board)
    layer(page, 2).get_by_role("button", name="Dense", exact=False).first.click()
    page.get_by_role("switch", name="Tune activation of Dense").click()
    expect(page.get_by_role("switch", name="Tune activation of Dense")).to_be_focused()
    made = document(page)
    assert made["model"]["layers"][2]["activation"] == {"hp": "dense_activation"}
    assert made["hyperparameters"][-1] == {
        "name": "dense_activation",
        "type": "choice",
        "values": ["softmax", "relu", "tanh"],
    }
    field(page, "/hyperparameters/7/values").first.fill("softmax, sigmoid")
    assert document(page)["hyperparameters"][-1]["values"] == ["softmax", "sigmoid"]
    page.get_by_role("switch", name="Tune activation of Dense").click()
    assert document(page) == definition_of("mlp")


def test_a_number_stays_as_it_is_typed_and_an_emptied_one_goes(page: Page, board: Board) -> None:
    opened(page, board)
    trials = page.get_by_label("Max trials")
    trials.fill("12")
    assert '"max_trials": 12' in text(page)
    page.get_by_label("Validation split", exact=True).fill("0.30")
    assert '"validation_split": 0.30' in text(page)
    trials.fill("twelve")
    expect(page.locator(".form-place .fault").first).to_be_visible()
    expect(trials).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Submit search")).to_be_disabled()
    trials.fill("")
    assert "limits" not in document(page) or document(page)["limits"] == {}
    expect(page.get_by_role("button", name="Submit search")).to_be_enabled()


def test_layers_are_added_moved_and_removed(page: Page, board: Board) -> None:
    opened(page, board)
    page.locator('[id="add/model/layers"]').click()
    page.get_by_role("combobox", name="Search").fill("gaussian")
    page.get_by_role("option", name="GaussianNoise").click()
    expect(layer(page, 3).get_by_role("button", name="GaussianNoise").first).to_be_focused()

    def names() -> list[str]:
        return [item.get("layer", "block") for item in document(page)["model"]["layers"]]

    assert names() == ["Flatten", "block", "Dense", "GaussianNoise"]
    field(page, "/model/layers/3/stddev").fill("0.25")
    page.get_by_role("button", name="Move up GaussianNoise").click()
    assert names() == ["Flatten", "block", "GaussianNoise", "Dense"]
    expect(page.get_by_role("button", name="Move up GaussianNoise")).to_be_focused()
    page.keyboard.press("Enter")  # into the repeat before it, and at its end
    assert names() == ["Flatten", "block", "Dense"]
    assert document(page)["model"]["layers"][1]["layers"][-1] == {"layer": "GaussianNoise", "stddev": 0.25}
    page.get_by_role("button", name="Duplicate GaussianNoise").click()
    page.get_by_role("button", name="Remove GaussianNoise").first.click()
    page.get_by_role("button", name="Remove Repeat").click()
    expect(layer(page, 1).get_by_role("button", name="Dense", exact=False).first).to_be_focused()
    kept = document(page)
    assert names() == ["Flatten", "Dense"]
    assert [one["name"] for one in kept["hyperparameters"]] == ["learning_rate", "batch_size"]


def test_a_layer_is_dragged_into_a_block(page: Page, board: Board) -> None:
    page.set_viewport_size({"width": 1280, "height": 1800})
    opened(page, board)
    grip = layer(page, 0).locator(".grip").first
    target = page.locator('[data-row="/model/layers/1/layers/2"]')
    grip.drag_to(target, target_position={"x": 60, "y": 4})
    layers = document(page)["model"]["layers"]
    assert [item.get("layer") for item in layers[0]["layers"]] == ["Dense", None, "Flatten", "Dropout"]


def test_the_tuner_is_changed_and_gets_limits(page: Page, board: Board) -> None:
    opened(page, board)
    page.get_by_role("radio", name="bayesian").check()
    assert document(page)["tuner"] == {"type": "bayesian"}
    expect(page.get_by_label("Max trials")).to_have_value("20")
    page.get_by_label("Beta").fill("1.5")
    assert document(page)["tuner"] == {"type": "bayesian", "beta": 1.5}
    expect(page.locator(".plan-facts")).to_contain_text("20trials")


def test_what_is_written_in_one_shows_in_the_other_and_can_be_undone(page: Page, board: Board) -> None:
    opened(page, board)
    write(page, '"units_{i}", "type": "int", "min_value": 32', '"units_{i}", "type": "int", "min_value": 48')
    expect(page.locator(".space")).to_contain_text("48 to 256 by 32")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".space")).to_contain_text("32 to 256 by 32")
    before = text(page)
    page.get_by_label("Name", exact=True).fill("mine")
    assert text(page) == before.replace('"name": "mlp"', '"name": "mine"')
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("mlp")
    write(page, '"epochs": 20,', '"epochs": 20,,')
    expect(page.locator(".plan-place")).to_contain_text("Line ")
    expect(page.get_by_label("Name", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Submit search")).to_be_disabled()
    page.get_by_role("button", name="Go to the line").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name", exact=True)).to_be_enabled()


def test_unknown_fields_and_the_writing_of_numbers_stay(page: Page, board: Board) -> None:
    opened(page, board)
    write(
        page,
        '"parallelism"' if '"parallelism"' in text(page) else '"max_retries_per_trial": 1',
        '"mystery": {"b": 1.0, "a": [1e-3]}',
    )
    expect(page.get_by_role("heading", name="Other fields")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("odd")
    assert '"mystery": {"b": 1.0, "a": [1e-3]}' in text(page)
    expect(field(page, "/mystery")).to_have_attribute("aria-invalid", "true")


def test_a_refusal_shows_at_the_field_in_the_editor_and_in_a_list_that_leads_to_both(page: Page, board: Board) -> None:
    opened(page, board)
    write(page, '"activation": "softmax"', '"activation": "softmaxx"')
    problem = page.locator(".faults li")
    expect(problem).to_have_count(1)
    expect(page.get_by_role("button", name="Submit search")).to_be_disabled()
    expect(layer(page, 2)).to_contain_text("1 fault")
    page.get_by_role("button", name="Show /model/layers/2/activation in the form").click()
    wrong = field(page, "/model/layers/2/activation")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    described = str(wrong.get_attribute("aria-describedby")).split()
    assert any("relu" in page.locator(f'[id="{one}"]').inner_text() for one in described if one.endswith(":fault"))
    page.get_by_role("button", name="Show /model/layers/2/activation in the JSON").click()
    expect(page.locator(".cm-lintRange-error")).to_have_text('"softmaxx"')
    wrong.select_option(label="softmax")
    expect(problem).to_have_count(0)
    page.get_by_label("Name", exact=True).fill("cannot-be-built")
    expect(problem).to_contain_text("the shapes do not fit")
    expect(page.locator(".layer.block > .fault")).to_contain_text("the shapes do not fit")


def test_names_and_arguments_are_completed(page: Page, board: Board) -> None:
    opened(page, board)
    suggestions = page.locator(".cm-tooltip-autocomplete")
    write(page, '"hyperband"', '""')
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+Space")
    expect(suggestions).to_contain_text("bayesian")
    page.keyboard.press("Escape")
    expect(suggestions).to_have_count(0)
    write(page, '{"layer": "Flatten"}', '{"layer": "Dense", ')
    page.keyboard.type('"ker')
    expect(suggestions).to_contain_text("kernel_initializer")
    page.keyboard.press("Escape")
    expect(suggestions).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Definition as JSON")).not_to_be_focused()


def test_a_draft_survives_a_reload_and_can_be_thrown_away(page: Page, board: Board) -> None:
    opened(page, board)
    page.get_by_label("Name", exact=True).fill("unfinished")
    page.reload()
    expect(page.get_by_text("Your draft from")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("unfinished")
    page.goto(f"{board.address}/#/new?template=convnet")
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("unfinished")
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("dialog").get_by_role("button", name="Start over").click()
    expect(page.get_by_role("button", name="mlp", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="mlp", exact=True)).to_be_visible()


def test_an_old_search_a_data_set_and_a_file_are_beginnings(page: Page, board: Board, tmp_path: Path) -> None:
    old = dict(examples.DEFINITION) | {"name": "the-old-one"}
    search = board.ada.post("/v1/searches", json=old).json()
    opened(page, board, f"from={search['id']}")
    expect(page.get_by_label("Name", exact=True)).to_have_value("the-old-one")
    assert document(page) == board.ada.get(f"/v1/searches/{search['id']}").json()["definition"]
    page.goto(f"{board.address}/#/new")
    expect(page.get_by_role("link", name="the-old-one").first).to_be_visible()
    opened(page, board, "dataset=diabetes")
    made = document(page)
    assert made["dataset"] == {"name": "diabetes"}
    assert (made["compile"]["loss"], made["objective"]["name"]) == ("mse", "val_mae")
    assert made["model"]["layers"][-1] == {"layer": "Dense", "units": {"data": "target_size"}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(old | {"name": "from a file"}))
    page.goto(f"{board.address}/#/new")
    page.get_by_label("A definition in a file").set_input_files(path)
    expect(page.get_by_label("Name", exact=True)).to_have_value("from a file")


def test_hostile_text_is_shown_as_text(page: Page, board: Board) -> None:
    evil = "<img src=x onerror=alert(1)>"
    opened(page, board)
    definition = definition_of("mlp") | {"name": evil, "tags": {evil: evil}, evil: evil}
    definition["hyperparameters"] = [dict(one, name=evil) for one in definition["hyperparameters"][:1]]
    definition["model"] = {"type": "sequential", "layers": [{"layer": evil, evil: {"hp": evil}}, {evil: evil}]}
    page.evaluate(
        "(text) => { const view = document.querySelector('.editor-host').view;"
        " view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); }",
        json.dumps(definition, indent=2),
    )
    expect(page.get_by_label("Name", exact=True)).to_have_value(evil)
    expect(page.locator(".faults li").first).to_be_visible()
    expect(page.locator(".space")).to_contain_text(evil)
    assert page.locator("main img").count() == 0


def test_a_failed_post_keeps_everything_and_its_repeat_makes_one_search(board: Board, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(board.link())
    opened(page, board)
    page.get_by_label("Name", exact=True).fill("only-once")
    expect(page.locator("#verdict")).to_have_text("")
    context.set_offline(True)
    page.get_by_role("button", name="Submit search").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost")
    context.set_offline(False)
    key = page.evaluate("JSON.parse(localStorage.getItem('headstock.draft')).sent.key")
    first = board.ada.post("/v1/searches", json=document(page), headers={"Idempotency-Key": key})
    assert first.status_code == 201, first.text
    assert submitted(page, board)["id"] == first.json()["id"]
    context.close()


def test_the_document_is_copied_as_commands_and_programs(page: Page, board: Board) -> None:
    opened(page, board)

    def copied(name: str) -> str:
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("button", name=name, exact=True).click()
        wait_until(lambda: page.evaluate("navigator.clipboard.readText()") != "", timeout_s=5)
        return str(page.evaluate("navigator.clipboard.readText()"))

    assert json.loads(copied("JSON")) == definition_of("mlp")
    assert json.loads(copied("curl").split("END_OF_DEFINITION'\n")[1].split("\nEND_OF")[0]) == definition_of("mlp")
    program = copied("Python")
    compile(program, "copied", "exec")
    assert json.loads(program.split('r"""')[1].split('"""')[0]) == definition_of("mlp")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    assert download.value.suggested_filename == "mlp.json"
    assert json.loads(Path(download.value.path()).read_text()) == definition_of("mlp")


def test_it_works_on_a_phone(page: Page, board: Board) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{board.address}/#/new?template=residual")
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_label("Definition as JSON")).to_be_hidden()
    page.get_by_role("tab", name="JSON").click()
    expect(page.get_by_label("Definition as JSON")).to_be_visible()
    page.get_by_role("tab", name="Plan").click()
    expect(page.locator(".plan-facts")).to_contain_text("20trials")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_input_has_a_name(page: Page, board: Board) -> None:
    opened(page, board, "template=residual")
    nameless = page.evaluate(
        """[...document.querySelectorAll('main input, main select, main textarea')].filter((node) =>
            !node.labels?.length && !node.getAttribute('aria-label')).map((node) => node.outerHTML)"""
    )
    assert nameless == []
    twice = page.evaluate(
        """[...document.querySelectorAll('main [id]')].map(({ id }) => id)
            .filter((id, i, all) => all.indexOf(id) !== i)"""
    )
    assert twice == []


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
        [f"/js/views/submit/{module}.js", list(calls)],
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
            const { parse, placeOf, lineOf } = await import('/js/views/submit/json.js');
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
            const { parse } = await import('/js/views/submit/json.js');
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
    fields = modules.evaluate("import('/js/views/submit/frame.js').then((m) => m.FIELDS)")
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
        "import('/js/views/submit/frame.js').then((m) => [Object.keys(m.TEMPLATES), Object.keys(m.TUNERS)])"
    )
    assert sorted(templates) == sorted(template_names())
    assert sorted(tuners) == sorted(catalogue().tuners)


def test_whatever_is_added_begins_with_allowed_values(modules: Page) -> None:
    known = catalogue()
    begun = modules.evaluate(
        """async () => {
            const { fresh } = await import("/js/views/submit/fields/things.js");
            const { catalogue } = await import("/js/views/submit/catalogue.js");
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
