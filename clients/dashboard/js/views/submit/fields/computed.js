// Values that are made of others: a fact of the data, a product, a quotient, an item of a list, or a list given one by one.
import { listsAround } from "../expanded.js";
import { FACTS } from "../frame.js";
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { pointerOf } from "../json.js";
import { insert, put, without } from "../text.js";

const OPERANDS = { mul: ["number", "times"], div: ["number", "divided by"] };

/**
 * @param options.way     one of data, mul, div, item, list
 * @param options.common  what ties the control to its label and faults
 * @param options.field   makes the field of a part: `argumentField`
 */
export function computedControl(desk, path, argument, options) {
  const { way, common } = options;
  const value = desk.sheet.at(path);
  if (way === "data") return factOf(desk, path, value.data, common);
  if (way === "item") return itemOf(desk, path, value.item, common);
  return way === "list" ? listOf(desk, path, argument, value, options) : reckoned(desk, path, way, options);
}

function factOf(desk, path, fact, common) {
  return h(
    "select",
    {
      ...common,
      value: fact,
      onchange: (event) => desk.edit((text) => put(text, [...path, "data"], event.target.value)),
    },
    [...new Set([...Object.keys(FACTS), fact])].map((one) =>
      h("option", { value: one }, `${one}: ${FACTS[one] ?? "?"}`),
    ),
  );
}

/** The item of this pass, of a list that a repeat around goes through. */
function itemOf(desk, path, name, common) {
  const names = [...new Set([...listsAround(desk.sheet.value, path), name])];
  return h(
    "select",
    {
      ...common,
      class: "mono",
      value: name,
      onchange: (event) => desk.edit((text) => put(text, [...path, "item"], event.target.value)),
    },
    names.map((one) => h("option", { value: one }, one)),
  );
}

/** A product or a quotient: two numbers, each of which may be a hyperparameter or reckoned itself. */
function reckoned(desk, path, way, { common, owner, label, field, called }) {
  const whole = `${label}${owner ? ` of ${owner}` : ""}`;
  const operand = (i) =>
    field(
      desk,
      [...path, way, String(i)],
      { kinds: ["int"], required: true, minimum: way === "div" && i ? 1 : 0 },
      { owner: whole, label: OPERANDS[way][i], called, operand: true },
    );
  return h(
    "div",
    {
      ...group(common, `${whole}: ${way === "mul" ? "a product" : "a quotient, rounded down"}`),
      class: "computed",
    },
    operand(0),
    operand(1),
  );
}

/** A list whose numbers are given one by one, so that each may be tuned by itself. */
function listOf(desk, path, argument, value, { common, owner, label, field, called }) {
  const { kinds, min_items: least = 1, max_items: most = 64 } = argument;
  const whole = `${label}${owner ? ` of ${owner}` : ""}`;
  const one = { ...argument, kinds: [kinds.includes("float_list") ? "float" : "int"], required: true, help: "" };
  return h(
    "div",
    { ...group(common, `${whole}: one by one`), class: "computed" },
    value.map((_, i) =>
      field(desk, [...path, String(i)], one, { owner: whole, label: `number ${i + 1}`, called, operand: true }),
    ),
    least === most ? null : lengthButtons(desk, path, value, { least, most, whole }),
  );
}

function lengthButtons(desk, path, value, { least, most, whole }) {
  const count = value.length,
    last = [...path, String(count - 1)];
  const button = (sign, label, disabled, act) =>
    h(
      "button",
      { type: "button", class: "quiet small", "aria-label": `${label} of ${whole}`, disabled, onclick: act },
      sign,
    );
  return h(
    "div",
    { class: "row lengths" },
    button("+ number", "Add a number", count >= most, () => {
      const next = typeof value.at(-1) === "number" ? value.at(-1) : 1;
      desk.edit((text) => insert(text, path, count, next));
      desk.focus(`f${pointerOf([...path, String(count)])}`);
    }),
    button("− number", "Remove the last number", count <= least, () =>
      desk.edit((text) => dropUnused(text, without(text, last))),
    ),
  );
}

/** What makes an element the control of a field of several parts. */
function group({ "aria-invalid": _, ...common }, label) {
  return { ...common, role: "group", "aria-label": label, tabindex: "-1", "data-group": true };
}
