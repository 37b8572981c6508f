// What stands in place of the list while there is nothing in it.
import { copyButton } from "../../components/controls.js";
import { el } from "../../dom.js";

const COMMANDS = "headstock templates mlp > search.json\nheadstock submit search.json --watch";

/** For a filter that nothing passes. */
export function nothingFits(showAll) {
  return el(
    "div",
    { class: "hollow" },
    el("p", {}, "No search fits."),
    el("button", { type: "button", onclick: showAll }, "Show all searches"),
  );
}

/** For who has no search yet: the next step. */
export function noSearchYet() {
  return el(
    "div",
    { class: "hollow" },
    el("h2", {}, "No search yet"),
    el("p", {}, "Choose data and a model, say what may vary, and watch every trial from here."),
    el("p", {}, el("a", { class: "button primary", href: "#/new" }, "New search")),
    el("p", {}, "Or from a terminal:"),
    el("pre", { tabindex: "0" }, COMMANDS),
    el(
      "p",
      {},
      copyButton("Copy the commands", () => COMMANDS),
    ),
  );
}
