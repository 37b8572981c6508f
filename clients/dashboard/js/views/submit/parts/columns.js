// Single columns of a table that are treated otherwise than the rest, or dropped.
import { argumentField, words } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { COLUMN } from "../frame.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { picked } from "../picker.js";
import { put, without } from "../text.js";

const PARENT = ["dataset", "preprocessing"];
const PATH = [...PARENT, "columns"];

/** `known` are the columns of the data set: `[{name, kind, missing}]`; an empty list when that is not known. */
export function columns(desk, known) {
  const value = desk.sheet.at(PATH);
  return h(
    "fieldset",
    { class: "part", key: "columns" },
    h("legend", {}, "Single columns"),
    value !== undefined && !isObject(value)
      ? jsonField(desk, PATH, "columns")
      : [
          h("p", { class: "hint" }, "Treated otherwise than the columns above, or not shown to the model at all."),
          faultNote(desk, pointerOf(PATH), `f${pointerOf(PATH)}`, false),
          Object.entries(value ?? {}).map(([name, one]) =>
            columnCard(
              desk,
              name,
              one,
              known.find((each) => each.name === name),
            ),
          ),
          known.length ? pickButton(desk, known, value ?? {}) : nameField(desk, value ?? {}),
        ],
  );
}

/** One column: dropped, or with settings of its own. */
function columnCard(desk, name, value, column) {
  const path = [...PATH, name],
    pointer = pointerOf(path),
    id = `head${pointer}`;
  if (value !== "drop" && !isObject(value)) return jsonField(desk, path, name);
  const about = column
    ? `${column.kind}${column.missing ? `, ${column.missing.toLocaleString("en")} missing` : ""}`
    : "";
  return h(
    "div",
    { class: "item column", key: pointer, role: "group", "aria-label": `Column ${name}` },
    h(
      "div",
      { class: "row" },
      h("b", { class: "mono" }, name),
      h("span", { class: "note small grow" }, about),
      h(
        "select",
        {
          id,
          "data-pointer": pointer,
          "aria-label": `What becomes of ${name}`,
          value: value === "drop" ? "drop" : "keep",
          onchange: (event) => desk.edit((text) => put(text, path, event.target.value === "drop" ? "drop" : {})),
        },
        h("option", { value: "keep" }, "settings of its own"),
        h("option", { value: "drop" }, "dropped"),
      ),
      removal(desk, name),
    ),
    faultNote(desk, pointer, `f${pointer}`, false),
    value === "drop" ? null : settings(desk, path, name, column?.kind),
  );
}

/** The fields that suit its kind; all of them while the kind is not known. */
function settings(desk, path, name, kind) {
  const known = COLUMN[kind] ?? COLUMN.unknown;
  const given = Object.keys(desk.sheet.at(path)).filter((key) => key in COLUMN.unknown && !(key in known));
  const field = (key, argument) =>
    argumentField(desk, [...path, key], argument, { tunable: false, owner: name, label: words(key) });
  return [
    h(
      "div",
      { class: "args" },
      Object.entries(known).map(([key, argument]) => field(key, argument)),
      given.map((key) => field(key, COLUMN.unknown[key])),
    ),
    leftOver(desk, path, Object.keys(COLUMN.unknown)),
  ];
}

function removal(desk, name) {
  return h(
    "button",
    {
      type: "button",
      class: "quiet small",
      "aria-label": `Treat ${name} like the others`,
      title: "Like the others",
      onclick: () => {
        desk.edit((text) => emptied(without(text, [...PATH, name]), desk, name));
        desk.focus(`add${pointerOf(PATH)}`);
      },
    },
    "✕",
  );
}

/** The text without parts that hold nothing any more. */
function emptied(text, desk, name) {
  const left = Object.keys(desk.sheet.at(PATH)).filter((one) => one !== name);
  if (left.length) return text;
  return Object.keys(desk.sheet.at(PARENT)).length === 1 ? without(text, PARENT) : without(text, PATH);
}

function added(desk, name) {
  desk.edit((text) => put(text, [...PATH, name], {}));
  desk.focus(`head${pointerOf([...PATH, name])}`);
}

/** Columns of the data set are picked. */
function pickButton(desk, known, value) {
  const offer = ({ name, kind, missing }) => ({
    name,
    help: kind === "category" ? `${missing ?? 0} missing` : `number, ${missing ?? 0} missing`,
  });
  return h(
    "button",
    {
      type: "button",
      class: "quiet add",
      id: `add${pointerOf(PATH)}`,
      "data-pointer": pointerOf(PATH),
      onclick: async () => {
        const free = known.filter(({ name }) => !(name in value));
        const groups = [
          ["numbers", free.filter(({ kind }) => kind === "number").map(offer)],
          ["categories", free.filter(({ kind }) => kind === "category").map(offer)],
        ];
        const made = await picked({ title: "Add a column", groups });
        if (made) added(desk, made.name);
      },
    },
    "+ Add a column",
  );
}

/** Where the columns are not known, one is named. */
function nameField(desk, value) {
  const id = `add${pointerOf(PATH)}`;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, "Add a column"),
    h("input", {
      id,
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      size: "20",
      "data-pointer": pointerOf(PATH),
      "aria-describedby": `${id}:hint`,
      value: "",
      onchange: (event) => {
        const name = event.target.value.trim();
        event.target.value = "";
        if (name && !(name in value)) added(desk, name);
      },
    }),
    h(
      "div",
      { class: "hint", id: `${id}:hint` },
      "Its name as it stands in the table; the columns are listed once the data set is here.",
    ),
  );
}
