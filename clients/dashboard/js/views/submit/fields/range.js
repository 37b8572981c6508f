// What a hyperparameter may be: its range in words, and the fields that change it.
import { conditionEditor } from "./conditions.js";
import { faultNote } from "./faults.js";
import { listed, read, shown, valuesOf } from "./typing.js";
import { SAMPLING } from "../frame.js";
import { h, settled, typed } from "../h.js";
import { declared, rename } from "../holes.js";
import { pointerOf } from "../json.js";
import { put } from "../text.js";

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
  const path = ["hyperparameters", String(index)];
  const one = declared(desk.sheet.value)[index];
  const edit = (key, value) => desk.edit((text) => put(text, [...path, key], value));
  const field = (key, label, control, hint = null) => {
    const pointer = pointerOf([...path, key]),
      id = `${place}>${pointer}`;
    const fault = faultNote(desk, pointer, id);
    return h(
      "div",
      { class: `field${fault ? " faulty" : ""}`, key },
      h("label", { for: id }, label),
      control({
        id,
        "data-pointer": pointer,
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": [hint ? `${id}:hint` : "", fault ? `${id}:fault` : ""].filter(Boolean).join(" ") || null,
      }),
      fault,
      hint ? h("div", { class: "hint", id: `${id}:hint` }, hint) : null,
    );
  };
  const number = (key, label, placeholder, hint) =>
    field(
      key,
      label,
      (common) =>
        h("input", {
          ...common,
          type: "text",
          inputmode: "decimal",
          autocomplete: "off",
          size: "9",
          placeholder,
          value: shown(desk, [...path, key]),
          oninput: (event) => typed(event, (text) => edit(key, read(NUMBER, text))),
          onblur: settled,
        }),
      hint,
    );
  const numeric = one.type === "int" || one.type === "float";
  const log = one.sampling && one.sampling !== "linear";
  return [
    h(
      "div",
      { class: "range-fields", role: "group", "aria-label": `Range of ${one.name}` },
      field("name", "Name", (common) =>
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
      ),
      field("type", "Type", (common) =>
        h(
          "select",
          {
            ...common,
            value: one.type ?? "",
            onchange: (event) => desk.edit((text) => retyped(text, path, one, event.target.value)),
          },
          [...new Set(["int", "float", "choice", "boolean", "fixed", one.type ?? ""])].map((type) =>
            h("option", { value: type }, type),
          ),
        ),
      ),
      numeric
        ? [
            number("min_value", "Min", ""),
            number("max_value", "Max", ""),
            field("sampling", "Sampling", (common) =>
              h(
                "select",
                {
                  ...common,
                  value: one.sampling ?? "linear",
                  onchange: (event) =>
                    desk.edit((text) =>
                      put(
                        text,
                        [...path, "sampling"],
                        event.target.value === "linear" ? undefined : event.target.value,
                      ),
                    ),
                },
                SAMPLING.map((name) => h("option", { value: name }, name.replace("_", " "))),
              ),
            ),
            number("step", log ? "Step (times)" : "Step", log ? "any" : one.type === "int" ? "1" : "any"),
            number("default", "Default", String(one.min_value ?? "")),
          ]
        : null,
      one.type === "choice"
        ? [
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
                  oninput: (event) => typed(event, (text) => edit("values", valuesOf(text))),
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
                  onchange: (event) =>
                    edit("default", event.target.value === "" ? undefined : JSON.parse(event.target.value)),
                },
                h("option", { value: "" }, "the first"),
                [
                  ...new Set(
                    [
                      ...(Array.isArray(one.values) ? one.values : []),
                      ...(one.default === undefined ? [] : [one.default]),
                    ].map((value) => JSON.stringify(value)),
                  ),
                ].map((value) => h("option", { value }, value.replace(/^"|"$/g, ""))),
              ),
            ),
          ]
        : null,
      one.type === "boolean"
        ? field("default", "Default", (common) =>
            h(
              "select",
              {
                ...common,
                value: String(one.default ?? false),
                onchange: (event) => edit("default", event.target.value === "true" ? true : undefined),
              },
              ["false", "true"].map((value) => h("option", { value }, value)),
            ),
          )
        : null,
      one.type === "fixed"
        ? field("value", "Value", (common) =>
            h("input", {
              ...common,
              type: "text",
              value: shown(desk, [...path, "value"]),
              oninput: (event) => typed(event, (text) => edit("value", valuesOf(text)?.[0])),
              onblur: settled,
            }),
          )
        : null,
    ),
    conditionEditor(desk, index, place),
    faultNote(desk, pointerOf(path), `${place}>${pointerOf(path)}`, false),
  ];
}

function retyped(text, path, before, type) {
  const keep = Object.fromEntries(Object.entries(before).filter(([key]) => ["name", "when"].includes(key)));
  const first = before.default ?? before.min_value ?? before.values?.[0] ?? before.value;
  const number = typeof first === "number" ? first : 1;
  const made = {
    int: () => ({
      min_value: Math.round(before.min_value ?? number),
      max_value: Math.round(before.max_value ?? number * 2 + 1),
    }),
    float: () => ({
      min_value: before.min_value ?? number,
      max_value: before.max_value ?? number * 2 + 1,
      sampling: before.sampling,
    }),
    choice: () => ({
      values: before.values ?? [
        ...new Set(
          before.type === "boolean" ? ["a", "b"] : [before.min_value ?? number, before.max_value ?? number * 2],
        ),
      ],
    }),
    boolean: () => ({}),
    fixed: () => ({ value: first ?? 1 }),
  }[type]();
  const { name, when } = keep;
  return put(text, path, { name, type, ...made, when });
}
