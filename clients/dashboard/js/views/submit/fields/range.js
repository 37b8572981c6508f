// What a hyperparameter may be: its range in words, and the fields that change it.
import { SAMPLING } from "../frame.js";
import { h, settled, typed } from "../h.js";
import { declared, rename } from "../holes.js";
import { pointerOf } from "../json.js";
import { put } from "../text.js";
import { conditionEditor } from "./conditions.js";
import { faultNote } from "./faults.js";
import { listed, read, shown, valuesOf } from "./typing.js";

const NUMBER = { kinds: ["int", "float"] };

/** `32 to 256 by 32`, `0.0001 to 0.01, log`, `relu, tanh` */
export function rangeText(one) {
  if (one.type === "boolean") return "false or true";
  if (one.type === "fixed") return `always ${JSON.stringify(one.value)}`;
  if (one.type === "choice")
    return Array.isArray(one.values)
      ? one.values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(", ")
      : "no values yet";
  const log = one.sampling && one.sampling !== "linear";
  const step = one.step === undefined ? "" : log ? `, times ${one.step}` : ` by ${one.step}`;
  return `${one.min_value ?? "?"} to ${one.max_value ?? "?"}${step}${log ? `, ${one.sampling.replace("_", " ")}` : ""}`;
}

/** The fields of hyperparameter `index`; `place` keeps their ids apart where it is shown twice. */
export function rangeEditor(desk, index, place) {
  const one = declared(desk.sheet.value)[index];
  const entry = entryOf(desk, index, place);
  const own = {
    int: numberFields,
    float: numberFields,
    choice: choiceFields,
    boolean: booleanField,
    fixed: fixedField,
  };
  return [
    h(
      "div",
      { class: "range-fields", role: "group", "aria-label": `Range of ${one.name}` },
      nameField(entry, index),
      typeField(entry),
      own[one.type]?.(entry),
    ),
    conditionEditor(desk, index, place),
    faultNote(desk, pointerOf(entry.path), `${place}>${pointerOf(entry.path)}`, false),
  ];
}

/** One declaration while it is edited: where it stands, how a key is written, and the frame of a field. */
function entryOf(desk, index, place) {
  const path = ["hyperparameters", String(index)];
  return {
    desk,
    path,
    one: declared(desk.sheet.value)[index],
    write: (key, value) => desk.edit((text) => put(text, [...path, key], value)),
    /** `control` makes the element of what ties it to its label, its hint and its faults. */
    field(key, label, control, hint = null) {
      const pointer = pointerOf([...path, key]),
        id = `${place}>${pointer}`,
        fault = faultNote(desk, pointer, id);
      const common = {
        id,
        "data-pointer": pointer,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": [hint ? `${id}:hint` : "", fault ? `${id}:fault` : ""].filter(Boolean).join(" ") || null,
      };
      return h(
        "div",
        { class: `field${fault ? " faulty" : ""}`, key },
        h("label", { for: id }, label),
        control(common),
        fault,
        hint ? h("div", { class: "hint", id: `${id}:hint` }, hint) : null,
      );
    },
  };
}

function nameField({ desk, field, one }, index) {
  return field("name", "Name", (common) =>
    h("input", {
      ...common,
      type: "text",
      class: "mono",
      autocomplete: "off",
      spellcheck: "false",
      size: "16",
      value: String(one.name ?? ""),
      onchange: (event) => desk.edit((text) => rename(text, index, event.target.value.trim())),
    }),
  );
}

function typeField({ desk, field, one, path }) {
  const types = [...new Set(["int", "float", "choice", "boolean", "fixed", one.type ?? ""])];
  return field("type", "Type", (common) =>
    h(
      "select",
      {
        ...common,
        value: one.type ?? "",
        onchange: (event) => desk.edit((text) => retyped(text, path, one, event.target.value)),
      },
      types.map((type) => h("option", { value: type }, type)),
    ),
  );
}

function numberFields(entry) {
  const { one } = entry;
  const log = one.sampling && one.sampling !== "linear";
  return [
    number(entry, "min_value", "Min", ""),
    number(entry, "max_value", "Max", ""),
    samplingField(entry),
    number(entry, "step", log ? "Step (times)" : "Step", log ? "any" : one.type === "int" ? "1" : "any"),
    number(entry, "default", "Default", String(one.min_value ?? "")),
  ];
}

function number({ desk, field, path, write }, key, label, placeholder) {
  return field(key, label, (common) =>
    h("input", {
      ...common,
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      size: "9",
      placeholder,
      value: shown(desk, [...path, key]),
      oninput: (event) => typed(event, (text) => write(key, read(NUMBER, text))),
      onblur: settled,
    }),
  );
}

function samplingField({ field, one, write }) {
  return field("sampling", "Sampling", (common) =>
    h(
      "select",
      {
        ...common,
        value: one.sampling ?? "linear",
        onchange: (event) => write("sampling", event.target.value === "linear" ? undefined : event.target.value),
      },
      SAMPLING.map((name) => h("option", { value: name }, name.replace("_", " "))),
    ),
  );
}

function choiceFields({ desk, field, one, path, write }) {
  const values = Array.isArray(one.values) ? one.values : [];
  const known = [...values, ...(one.default === undefined ? [] : [one.default])].map((value) => JSON.stringify(value));
  return [
    field(
      "values",
      "Values",
      (common) =>
        h("input", {
          ...common,
          type: "text",
          autocomplete: "off",
          spellcheck: "false",
          size: "28",
          value: listed(desk, [...path, "values"]),
          oninput: (event) => typed(event, (text) => write("values", valuesOf(text))),
          onblur: settled,
        }),
      "Between commas.",
    ),
    field("default", "Default", (common) =>
      h(
        "select",
        {
          ...common,
          value: one.default === undefined ? "" : JSON.stringify(one.default),
          onchange: (event) => write("default", event.target.value === "" ? undefined : JSON.parse(event.target.value)),
        },
        h("option", { value: "" }, "the first"),
        [...new Set(known)].map((value) => h("option", { value }, value.replace(/^"|"$/g, ""))),
      ),
    ),
  ];
}

function booleanField({ field, one, write }) {
  return field("default", "Default", (common) =>
    h(
      "select",
      {
        ...common,
        value: String(one.default ?? false),
        onchange: (event) => write("default", event.target.value === "true" ? true : undefined),
      },
      ["false", "true"].map((value) => h("option", { value }, value)),
    ),
  );
}

function fixedField({ desk, field, path, write }) {
  return field("value", "Value", (common) =>
    h("input", {
      ...common,
      type: "text",
      value: shown(desk, [...path, "value"]),
      oninput: (event) => typed(event, (text) => write("value", valuesOf(text)?.[0])),
      onblur: settled,
    }),
  );
}

/** The text with a declaration of another type, around the values it had. */
function retyped(text, path, before, type) {
  const { name, when, values, min_value: low, max_value: high } = before;
  const first = before.default ?? low ?? values?.[0] ?? before.value;
  const number = typeof first === "number" ? first : 1;
  const made = {
    int: () => ({ min_value: Math.round(low ?? number), max_value: Math.round(high ?? number * 2 + 1) }),
    float: () => ({ min_value: low ?? number, max_value: high ?? number * 2 + 1, sampling: before.sampling }),
    choice: () => ({
      values: values ?? [...new Set(before.type === "boolean" ? ["a", "b"] : [low ?? number, high ?? number * 2])],
    }),
    boolean: () => ({}),
    fixed: () => ({ value: first ?? 1 }),
  }[type]();
  return put(text, path, { name, type, ...made, when });
}
