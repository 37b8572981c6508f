// All hyperparameters in one place, and where each is used.
import { jsonField } from "../fields/asjson.js";
import { whenText } from "../fields/conditions.js";
import { faultNote } from "../fields/faults.js";
import { rangeEditor, rangeText } from "../fields/range.js";
import { h } from "../h.js";
import { declared, means, uses } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { without } from "../text.js";
import { constraints } from "./constraints.js";

const PATH = ["hyperparameters"];

export function spaceSection(desk) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !Array.isArray(value)) return [jsonField(desk, PATH, "hyperparameters")];
  const list = declared(desk.sheet.value);
  return [
    faultNote(desk, "/hyperparameters", "f/hyperparameters", false),
    list.length ? entries(desk, list) : nothing(),
    constraints(desk),
  ];
}

function nothing() {
  return h(
    "p",
    { class: "note", "data-pointer": "/hyperparameters", tabindex: "-1" },
    "Nothing varies yet. Press Tune beside a value of the model, the optimizer or the fit.",
  );
}

function entries(desk, list) {
  const all = uses(desk.sheet.value);
  return h(
    "ul",
    { class: "space", "data-pointer": "/hyperparameters", tabindex: "-1" },
    list.map((one, i) => entry(desk, one, i, all)),
  );
}

/** One hyperparameter: its range in words, where it is used, and its fields when it is open. */
function entry(desk, one, index, all) {
  const pointer = `/hyperparameters/${index}`,
    open = desk.ui.open.has(pointer);
  const places = all.filter(({ name, path }) => means(name, String(one.name)) && pointerOf(path) !== pointer);
  const faults = desk.faultsAt(pointer).length;
  return h(
    "li",
    { class: `hp-entry${faults ? " faulty" : ""}`, key: pointer },
    h(
      "div",
      { class: "hp-head" },
      head(desk, one, pointer, open),
      faults ? h("span", { class: "bad small" }, `${faults} ${faults === 1 ? "fault" : "faults"}`) : null,
    ),
    h("div", { class: "used small" }, usedIn(desk, places, index)),
    open ? h("div", { class: "range-editor" }, rangeEditor(desk, index, "space")) : null,
  );
}

function head(desk, one, pointer, open) {
  return h(
    "button",
    {
      type: "button",
      class: "name",
      "aria-expanded": String(open),
      "data-pointer": pointer,
      id: `head${pointer}`,
      onclick: () => desk.toggle(pointer),
    },
    h("b", { class: "mono" }, String(one.name ?? "without a name")),
    h("span", { class: "tag" }, String(one.type ?? "?")),
    h("span", { class: "range" }, rangeText(one)),
    h("span", { class: "when" }, whenText(one)),
  );
}

/** Links to the places where it is used, or a way to remove what no place needs. */
function usedIn(desk, places, index) {
  const needed = places.filter(({ as }) => as !== "when" && as !== "constraint");
  const link = ({ path }) =>
    h(
      "button",
      { type: "button", class: "quiet small link", onclick: () => desk.showInForm(pointerOf(path)) },
      placeName(desk, path),
    );
  if (needed.length) return ["used in ", needed.slice(0, 6).map((use, i) => [i ? ", " : "", link(use)])];
  return [
    h("span", {}, places.length ? "only in conditions and constraints " : "not used anywhere "),
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        onclick: () => {
          desk.edit((text) => without(text, [...PATH, String(index)]));
          desk.focusPointer("/hyperparameters");
        },
      },
      "Remove",
    ),
  ];
}

/** A place of a document for people: `units of Dense`, `optimizer learning_rate`. */
function placeName(desk, path) {
  let owner = "";
  for (let depth = 2; depth < path.length; depth += 1) {
    const one = desk.sheet.at(path.slice(0, depth));
    const word = isObject(one)
      ? [one.name, one.layer, one.step, one.estimator, one.optimizer, one.loss, one.callback, one.metric].find(
          (each) => typeof each === "string",
        )
      : null;
    if (word) owner = word;
  }
  const last = path.at(-1);
  if (last === "if") return "a branch";
  if (last === "repeat") return "a repeat";
  return owner && owner !== last
    ? `${last} of ${owner}`
    : [...new Set(path.slice(-2).filter((step) => !/^[0-9]+$/.test(step)))].join(" ");
}
