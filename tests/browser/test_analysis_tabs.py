"""What a search has learnt, in the browser: the pictures' tables say what the API says, and choices can be reloaded."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from storage.ids import SearchId
from tests.browser.conftest import Board
from tests.browser.finished import finished_search

pytestmark = pytest.mark.browser
Document = dict[str, Any]


@pytest.fixture(scope="module")
def digits(board: Board) -> SearchId:
    """Forty trials of twelve epochs, whose scores and faults are known functions of their values."""
    return finished_search(board.service)


@pytest.fixture(scope="module")
def few(board: Board) -> SearchId:
    """Too few trials to say much about."""
    return finished_search(board.service, trials=1, name="few")


def shown(value: Any) -> str:
    """A value as the dashboard writes it (js/format.js)."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) < 1e-3 or abs(value) >= 1e6:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent):+d}"
    text = f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def answer(board: Board, path: str, **query: Any) -> Document:
    found = board.ada.get(path, params=query)
    found.raise_for_status()
    document: Document = found.json()
    return document


def open_tab(page: Page, board: Board, search_id: SearchId, tab: str, query: str = "") -> None:
    page.goto(f"{board.address}/#/searches/{search_id}/{tab}{query}")


def table_of(page: Page, title: str) -> list[list[str]]:
    """The rows of a figure's table, which is what its picture shows."""
    figure = page.locator(f"section.figure[aria-label='{title}']")
    swap = figure.get_by_role("button", name="Table")
    expect(swap).to_be_enabled(timeout=20_000)
    if swap.get_attribute("aria-pressed") == "false":
        swap.click()
    expect(figure.locator("tbody tr").first).to_be_visible()
    rows: list[list[str]] = figure.locator("tbody").evaluate(
        "body => [...body.rows].map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return rows


def test_small_multiples_show_each_hyperparameter_and_open_it(page: Page, board: Board, digits: SearchId) -> None:
    open_tab(page, board, digits, "hyperparameters", "?order=name")
    names = page.locator(".multiples h2")
    expect(names).to_have_text(["units", "learning_rate", "activation", "layers", "regular", "dropout"], timeout=20_000)
    rate = page.locator("section.figure[aria-label='learning_rate']")
    expect(rate.locator(".picture")).to_have_attribute(
        "aria-label", "val_accuracy against learning_rate: val_accuracy has a peak inside the range.", timeout=20_000
    )
    page.get_by_role("button", name="Open learning_rate").click()
    expect(page).to_have_url(re.compile(r"hp=learning_rate"))
    expect(page.locator(".verdict-card")).to_contain_text("val_accuracy has a peak inside the range")


def test_a_hyperparameter_is_shown_as_the_api_tells_it_and_choices_survive_a_reload(
    page: Page, board: Board, digits: SearchId
) -> None:
    open_tab(page, board, digits, "hyperparameters", "?hp=units")
    page.get_by_label("Metric", exact=True).select_option("val_loss")
    page.get_by_label("Epoch").select_option("last")
    page.get_by_label("Smallest units").fill("64")
    page.get_by_label("Smallest units").press("Enter")
    page.get_by_role("button", name="Bars").click()
    told = answer(
        board, f"/v1/searches/{digits}/trends/hyperparameters/units", metric="val_loss", at="last", min=64
    )  # fmt: skip
    expected = [
        [shown(group[key]) for key in ("value", "count", "mean", "median", "q25", "q75", "best")]
        for group in told["values"]
    ]
    for _ in range(2):
        expect(page.locator(".verdict-card")).to_contain_text(f"{told['trials']} trials; val_loss at the last epoch")
        assert table_of(page, "val_loss against units") == expected
        expect(page.get_by_role("button", name="Bars")).to_have_attribute("aria-pressed", "true")
        page.reload()
    picture = page.get_by_role("link", name="SVG").get_attribute("href") or ""
    assert all(
        part in picture for part in ("plots/hyperparameter?", "metric=val_loss", "at=last", "min=64", "chart=bar")
    )


def test_four_views_of_a_hyperparameter_are_loss_and_accuracy_of_both_parts(
    page: Page, board: Board, digits: SearchId
) -> None:
    open_tab(page, board, digits, "hyperparameters", "?hp=learning_rate&view=four")
    titles = page.locator(".grid .figure h2")
    expect(titles).to_have_text(
        [f"{name} against learning_rate" for name in ("loss", "val_loss", "accuracy", "val_accuracy")]
    )
    told = answer(board, f"/v1/searches/{digits}/trends/hyperparameters/learning_rate", metric="loss")
    assert [row[3] for row in table_of(page, "loss against learning_rate")] == [
        shown(group["median"]) for group in told["values"]
    ]
    rows = page.get_by_role("table", name="Trials by learning_rate").locator("tbody tr[data-row]")
    best = answer(board, f"/v1/searches/{digits}/best", count=1)["items"][0]
    expect(rows.first.locator("td").first).to_have_text(str(best["number"]))


def test_importance_and_its_pairs_lead_to_the_hyperparameter_and_the_contour(
    page: Page, board: Board, digits: SearchId
) -> None:
    told = answer(board, f"/v1/searches/{digits}/importance")
    open_tab(page, board, digits, "importance")
    first = told["hyperparameters"][0]
    assert first["name"] == "learning_rate"
    expect(page.locator(".verdict-card")).to_contain_text("learning_rate matters most for val_accuracy", timeout=20_000)
    assert table_of(page, "What each hyperparameter explains") == [
        [each["name"], shown(each["share"]), shown(each["share_where_active"]), shown(each["trials"])]
        for each in told["hyperparameters"]
    ]
    pairs = table_of(page, "What pairs explain beyond both")
    assert [row[:2] for row in pairs] == [
        [" with ".join(each["names"]), shown(each["share"])] for each in told["pairs"]
    ]
    names = told["pairs"][0]["names"]
    page.get_by_role("link", name=" with ".join(names)).click()
    expect(page.get_by_label("Across")).to_have_value(names[0])
    expect(page.get_by_label("Up")).to_have_value(names[1])


def test_the_other_importance_is_asked_for_and_kept(page: Page, board: Board, digits: SearchId) -> None:
    open_tab(page, board, digits, "importance")
    page.get_by_role("button", name=re.compile("PED-ANOVA")).click()
    told = answer(board, f"/v1/searches/{digits}/importance", method="ped_anova")
    page.reload()
    expect(page.locator(".verdict-card")).to_contain_text("of what sets the best trials apart", timeout=20_000)
    rows = table_of(page, "What each hyperparameter explains")
    assert [row[:2] for row in rows] == [[each["name"], shown(each["share"])] for each in told["hyperparameters"]]
    expect(page.get_by_text("PED-ANOVA says nothing about pairs")).to_be_visible()


def chosen_numbers(page: Page) -> set[int]:
    rows: list[str] = (
        page.get_by_role("table", name="Chosen trials")
        .locator("tbody")
        .evaluate("body => [...body.querySelectorAll('tr[data-row]')].map(row => row.cells[0].textContent)")
    )
    return {int(number) for number in rows}


def test_fields_choose_parts_of_axes_and_the_list_narrows(page: Page, board: Board, digits: SearchId) -> None:
    told = answer(board, f"/v1/searches/{digits}/parallel")
    open_tab(page, board, digits, "parallel")
    said = page.locator("section[aria-label='Chosen'] .lead")
    expect(said).to_contain_text("40 of 40 trials chosen")
    page.get_by_label("units from").fill("128")
    page.get_by_label("units from").press("Enter")
    page.get_by_label("learning_rate to").fill("0.01")
    page.get_by_label("learning_rate to").press("Enter")
    page.get_by_role("group", name="activation").get_by_label("gelu").uncheck()
    expected = {
        row["number"]: row["score"]
        for row in told["rows"]
        if row["values"]["units"] >= 128
        and row["values"]["learning_rate"] <= 0.01
        and row["values"]["activation"] != "gelu"
    }
    assert 0 < len(expected) < 40
    best = max(expected, key=expected.__getitem__)
    for _ in range(2):
        expect(said).to_contain_text(f"{len(expected)} of 40 trials chosen; the best of them is trial {best}")
        assert chosen_numbers(page) == set(expected)
        page.reload()
    page.get_by_role("button", name="Choose all again").click()
    expect(said).to_contain_text("40 of 40")


def test_dragging_along_an_axis_chooses_a_part_of_it(page: Page, board: Board, digits: SearchId) -> None:
    told = answer(board, f"/v1/searches/{digits}/parallel")
    # Two axes alone: the first stands where the drawing begins.
    open_tab(page, board, digits, "parallel", "?hide=activation,layers,regular,dropout")
    said = page.locator("section[aria-label='Chosen'] .lead")
    expect(said).to_contain_text("40 of 40")
    page.locator(".across canvas").scroll_into_view_if_needed()
    box = page.locator(".across canvas").bounding_box()
    assert box is not None
    left, top, bottom = box["x"] + 56, box["y"] + 46, box["y"] + box["height"] - 58
    page.mouse.move(left, (top + bottom) / 2)
    page.mouse.down()
    page.mouse.move(left, top - 8, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("brush=units"))
    count = len(chosen_numbers(page))
    expect(said).to_contain_text(f"{count} of 40")
    units = {row["number"]: row["values"]["units"] for row in told["rows"]}
    middle = (16 + 256) / 2
    assert chosen_numbers(page) == {number for number, value in units.items() if value >= middle}
    assert 0 < count < 40


def test_axes_are_moved_and_hidden_by_buttons(page: Page, board: Board, digits: SearchId) -> None:
    open_tab(page, board, digits, "parallel")
    lines = page.locator(".axis-line b")
    expect(lines).to_have_text(["units", "learning_rate", "activation", "layers", "regular", "dropout", "val_accuracy"])
    page.get_by_role("button", name="Move learning_rate left").click()
    expect(page.get_by_role("button", name="Move learning_rate left")).to_be_disabled()
    page.get_by_label("Show the axis layers").uncheck()
    expect(page.locator(".across .picture")).to_have_attribute("aria-label", "40 trials across 6 axes; 40 chosen.")
    page.reload()
    expect(lines).to_have_text(["learning_rate", "units", "activation", "layers", "regular", "dropout", "val_accuracy"])
    expect(page.get_by_label("Show the axis layers")).not_to_be_checked()


def test_the_contour_is_of_two_hyperparameters_that_never_are_the_same(
    page: Page, board: Board, digits: SearchId
) -> None:
    open_tab(page, board, digits, "contour", "?x=learning_rate&y=units")
    told = answer(board, f"/v1/searches/{digits}/contour", x="learning_rate", y="units")
    title = "val_accuracy over learning_rate and units"
    expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=20_000)
    assert table_of(page, "Contour") == [
        [shown(point[key]) for key in ("number", "x", "y", "score")] for point in told["points"]
    ]
    page.get_by_label("Across").select_option("units")
    expect(page.get_by_label("Up")).to_have_value("learning_rate")
    expect(page.get_by_role("heading", name="val_accuracy over units and learning_rate")).to_be_visible()


def test_the_front_is_listed_with_what_it_costs(page: Page, board: Board, digits: SearchId) -> None:
    told = answer(board, f"/v1/searches/{digits}/tradeoff", against="val_loss")
    open_tab(page, board, digits, "tradeoff")
    page.get_by_label("Cost", exact=True).select_option("val_loss")
    page.reload()
    expect(page.get_by_text(f"40 trials, {len(told['front'])} on the front")).to_be_visible()
    assert table_of(page, "Score against cost") == [
        [shown(point["number"]), shown(point["against"]), shown(point["score"]), "yes" if point["on_front"] else "no"]
        for point in told["points"]
    ]
    front = page.get_by_role("table", name="Trials on the front").locator("tbody tr[data-row]")
    assert front.evaluate_all("rows => rows.map(row => row.dataset.row)") == told["front"]
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    lines = waiting.value.path().read_text().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == told["front"]


def test_curves_are_bands_with_the_best_and_the_worst_over_them(page: Page, board: Board, digits: SearchId) -> None:
    told = answer(board, f"/v1/searches/{digits}/trends/epochs", metric="val_loss")
    best = answer(board, f"/v1/searches/{digits}/best", count=1)["items"][0]
    open_tab(page, board, digits, "curves", "?best=1&worst=1&metric=val_loss")
    rows = table_of(page, "Learning curves")
    assert [row[:7] for row in rows] == [
        [shown(each["epoch"]), shown(each["count"]), *map(shown, each["quantiles"])] for each in told["bands"]
    ]
    epochs = answer(board, f"/v1/trials/{best['id']}/epochs", metrics="val_loss")["items"]
    assert [row[7] for row in rows] == [shown(each["metrics"]["val_loss"]) for each in epochs]
    heads = page.locator("section.figure th").all_text_contents()
    assert heads[7] == f"trial {best['number']}"
    assert heads[8].endswith("(worst)")


def test_verdicts_are_counted_filtered_and_turned_into_advice(page: Page, board: Board, digits: SearchId) -> None:
    told = answer(board, f"/v1/searches/{digits}/diagnosis")
    counts = told["summary"]["verdicts"]
    open_tab(page, board, digits, "diagnosis")
    assert table_of(page, "Trials by verdict") == [
        [verdict.replace("_", " "), shown(count)] for verdict, count in counts.items()
    ]
    advice = page.locator(".advice")
    expect(advice).to_contain_text(f"{counts['overfitting']} of 40 overfit. They have")
    expect(advice).to_contain_text("regular false")
    page.get_by_label("Verdict", exact=True).select_option("diverged")
    rows = page.get_by_role("table", name="Trials and what their curves show").locator("tbody tr[data-row]")
    expect(rows).to_have_count(counts["diverged"])
    rows.first.get_by_role("button").click()
    findings = page.get_by_role("region", name="Findings of the trial")
    expect(findings).to_contain_text("times worse than it began")
    expect(findings).to_contain_text("a learning rate ten times smaller")
    page.reload()
    expect(rows).to_have_count(counts["diverged"])
    expect(findings).to_contain_text("a learning rate ten times smaller")


@pytest.mark.parametrize(
    ("tab", "says"),
    [
        ("hyperparameters", "One trial is scored so far. The trend needs 2: 1 more to go."),
        ("importance", "1 scored trials: at least 10 are needed"),
        ("parallel", "One trial is scored so far. The picture needs 2: 1 more to go."),
        ("contour", "One trial is scored so far. The contour needs 4: 3 more to go."),
    ],
)
def test_with_too_few_trials_each_tab_says_how_many_it_takes(
    page: Page, board: Board, few: SearchId, tab: str, says: str
) -> None:
    open_tab(page, board, few, tab)
    expect(page.get_by_text(says).first).to_be_visible(timeout=20_000)
