// What a hyperparameter may be: its range in words, and the fields that change it.
import { SAMPLING } from "./frame.js";
import { h, settled, typed } from "./h.js";
import { declared, rename } from "./holes.js";
import { Raw, insert, isNumber, pointerOf, put, without } from "./text.js";
import { faultNote, read, shown } from "./fields.js";

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

/** `when cell is lstm or gru`; "" without conditions. */
export function whenText(one) {
  if (!Array.isArray(one.when) || !one.when.length) return "";
  const say = (condition) =>
    Array.isArray(condition?.in) ? `${condition.hp} is ${condition.in.join(" or ")}` : `${condition?.hp} is true`;
  return `when ${one.when.map(say).join(" and ")}`;
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

function conditionEditor(desk, index, place) {
  const path = ["hyperparameters", String(index), "when"];
  const list = declared(desk.sheet.value),
    one = list[index];
  const when = Array.isArray(one.when) ? one.when : [];
  const parents = list.filter((other, i) => i !== index && ["choice", "boolean"].includes(other.type));
  return h(
    "div",
    { class: "conditions" },
    when.map((condition, i) =>
      conditionRow(desk, [...path, String(i)], condition, `${place}>when${i}`, "Only when", list, () =>
        desk.edit((text) => (when.length === 1 ? without(text, path) : without(text, [...path, String(i)]))),
      ),
    ),
    faultNote(desk, pointerOf(path), `${place}>when`),
    parents.length
      ? h(
          "button",
          {
            type: "button",
            class: "quiet small",
            onclick: () => desk.edit((text) => insert(text, path, when.length, firstCondition(parents[0]))),
          },
          "Only when ...",
        )
      : null,
  );
}

export function firstCondition(parent) {
  return parent.type === "boolean" ? { hp: parent.name } : { hp: parent.name, in: [parent.values?.[0] ?? ""] };
}

/** A condition: a hyperparameter, and of a choice the values with which it holds. */
export function conditionRow(desk, path, condition, id, label, list, remove = null) {
  const parent = list.find((one) => one.name === condition?.hp);
  const values = Array.isArray(parent?.values) ? parent.values : [];
  const chosen = Array.isArray(condition?.in) ? condition.in : [];
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const pointer = pointerOf(path),
    fault = faultNote(desk, pointer, id);
  const names = list.filter((one) => ["choice", "boolean"].includes(one.type)).map((one) => String(one.name));
  return h(
    "div",
    { class: "condition", key: id },
    h(
      "div",
      { class: "row" },
      h("label", { class: "small note", for: id }, label),
      h(
        "select",
        {
          id,
          class: "mono",
          "data-pointer": pointer,
          "aria-invalid": fault ? "true" : null,
          "aria-describedby": fault ? `${id}:fault` : null,
          value: condition?.hp ?? "",
          onchange: (event) =>
            desk.edit((text) => put(text, path, firstCondition(list.find((one) => one.name === event.target.value)))),
        },
        [...new Set([...names, condition?.hp ?? ""])].map((name) => h("option", { value: name }, name || "choose")),
      ),
      parent?.type === "boolean" ? h("span", { class: "note small" }, "is true") : null,
      values.length
        ? h(
            "span",
            { class: "row values", role: "group", "aria-label": `Values of ${condition.hp}` },
            h("span", { class: "note small" }, "is"),
            values.map((value) =>
              h(
                "label",
                { class: "value" },
                h("input", {
                  type: "checkbox",
                  checked: chosen.some((one) => same(one, value)),
                  onchange: (event) => {
                    const next = values.filter((one) =>
                      same(one, value) ? event.target.checked : chosen.some((other) => same(other, one)),
                    );
                    desk.edit((text) => put(text, [...path, "in"], next));
                  },
                }),
                typeof value === "string" ? value : JSON.stringify(value),
              ),
            ),
          )
        : null,
      remove
        ? h(
            "button",
            { type: "button", class: "quiet small", "aria-label": "Remove this condition", onclick: remove },
            "✕",
          )
        : null,
    ),
    fault,
  );
}

function listed(desk, path) {
  const value = desk.sheet.at(path);
  if (!Array.isArray(value)) return shown(desk, path);
  return value
    .map((one, i) => {
      const written = desk.sheet.written([...path, String(i)]);
      return typeof one === "string" && !/^[-\d[{"]|[,"]|^(true|false|null)$/.test(one) ? one : written;
    })
    .join(", ");
}

/** `16, 32` or `relu, "a, b"` or `[64], [64, 32]` as JSON. */
export function valuesOf(text) {
  const pieces = text.match(/\[[^\]]*\]?|"(?:[^"\\]|\\.)*"?|[^,\s][^,]*/g) ?? [];
  if (!pieces.length) return undefined;
  return pieces.map((piece) => {
    const word = piece.trim();
    if (isNumber(word)) return new Raw(word);
    if (/^["[]/.test(word)) {
      try {
        JSON.parse(word);
        return new Raw(word);
      } catch {
        return word;
      }
    }
    return word;
  });
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
