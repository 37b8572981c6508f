// What becomes of the stored rows before a model sees them.
import { fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { put, without } from "../text.js";
import { columns } from "./columns.js";

const PATH = ["dataset", "preprocessing"];
const PARTS = {
  numbers: "Columns of numbers",
  categories: "Columns of categories",
  columns: "Single columns",
  text: "Texts",
  sequence: "Token sequences",
  window: "Windows of a time series",
};
/** Parts that are there only when they are asked for, and what they begin with. */
const OPTIONAL = {
  text: { max_tokens: 10000, sequence_length: 200 },
  sequence: { length: 24 },
  window: { length: 24 },
};

/** `one` is what is known of the data set; undefined when it is not here. */
export function preprocessing(desk, one) {
  const value = desk.sheet.at(PATH);
  if (value !== undefined && !isObject(value)) return jsonField(desk, PATH, "preprocessing");
  const suits = suiting(one);
  const shown = Object.keys(PARTS).filter((name) => suits.includes(name) || (value && name in value));
  return [
    shown.map((name) => (name === "columns" ? columns(desk, one?.columns ?? []) : part(desk, name, value))),
    leftOver(desk, PATH, Object.keys(PARTS)),
  ];
}

function suiting(one) {
  const tokens = one?.max_token ? ["sequence"] : [];
  return (
    {
      table: ["numbers", "categories", "columns", "window"],
      text: ["text"],
      array: [...tokens, "window"],
      image: [],
    }[one?.kind ?? "array"] ?? []
  );
}

function part(desk, name, value) {
  const path = [...PATH, name];
  const on = value !== undefined && name in value;
  const title = PARTS[name];
  return h(
    "fieldset",
    { key: name, class: "part" },
    h("legend", {}, name in OPTIONAL ? switchOf(desk, name, value, on) : title),
    on && !isObject(value[name])
      ? jsonField(desk, path, name)
      : on || !(name in OPTIONAL)
        ? [
            h(
              "div",
              { class: "args" },
              fields(desk, path, FIELDS[name], Object.keys(FIELDS[name]), { owner: title.toLowerCase() }),
            ),
            leftOver(desk, path, Object.keys(FIELDS[name])),
          ]
        : null,
  );
}

/** The box that turns an optional part on and off. */
function switchOf(desk, name, value, on) {
  const path = [...PATH, name];
  const off = (text) => (Object.keys(value).length === 1 ? without(text, PATH) : without(text, path));
  return h(
    "label",
    {},
    h("input", {
      type: "checkbox",
      checked: on,
      "data-pointer": pointerOf(path),
      onchange: (event) => desk.edit((text) => (event.target.checked ? put(text, path, OPTIONAL[name]) : off(text))),
    }),
    ` ${PARTS[name]}`,
  );
}
