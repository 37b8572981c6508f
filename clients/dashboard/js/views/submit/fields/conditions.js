// Conditions: where a hyperparameter has a value, and where layers are there.
import { faultNote } from "./faults.js";
import { h } from "../h.js";
import { declared } from "../holes.js";
import { pointerOf } from "../json.js";
import { insert, put, without } from "../text.js";

/** `when cell is lstm or gru`; "" without conditions. */
export function whenText(one) {
  if (!Array.isArray(one.when) || !one.when.length) return "";
  const say = (condition) =>
    Array.isArray(condition?.in) ? `${condition.hp} is ${condition.in.join(" or ")}` : `${condition?.hp} is true`;
  return `when ${one.when.map(say).join(" and ")}`;
}

export function conditionEditor(desk, index, place) {
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
