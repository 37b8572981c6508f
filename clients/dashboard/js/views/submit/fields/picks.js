// A list whose items are picked from what there is: hyperparameters of a rule, columns of a slice, inputs of a node.
import { h, settled } from "../h.js";
import { pointerOf } from "../json.js";
import { insert, put, without } from "../text.js";
import { jsonField } from "./asjson.js";
import { faultNote } from "./faults.js";
import { shown, valuesOf } from "./typing.js";

/**
 * @param options.label    what the list is called
 * @param options.item     what one of it is called
 * @param options.choices  `[[value, text]]` of what may be picked; where nothing is known, items are typed
 * @param options.hint     a sentence below it
 * @param options.between  what stands between two items, such as "plus"
 */
export function pickList(desk, path, { label, item, choices, hint = "", between = "" }) {
  const pointer = pointerOf(path),
    id = `f${pointer}`;
  const list = desk.sheet.at(path) ?? [];
  if (!Array.isArray(list) || list.some((one) => one !== null && typeof one === "object"))
    return jsonField(desk, path, label, hint || undefined);
  const fault = faultNote(desk, pointer, id, false);
  const described = [hint ? `${id}:hint` : "", fault ? `${id}:fault` : ""].filter(Boolean).join(" ");
  return h(
    "div",
    { class: `field arg picks${fault ? " faulty" : ""}`, key: pointer },
    h("div", { class: "top" }, h("span", { class: "label" }, label)),
    h(
      "div",
      { class: "row", role: "group", "aria-label": label, "aria-describedby": described || null },
      list.map((value, i) => pick(desk, path, i, { value, item, choices, before: i ? between : "" })),
      addButton(desk, path, list, { item, choices }),
    ),
    fault,
    hint ? h("div", { class: "hint", id: `${id}:hint` }, hint) : null,
  );
}

/** One item: what it is, and a way to take it out. `before` stands in front of it; `taken` says what that is called, and happens instead. */
export function pick(desk, path, index, { value, item, choices, before = "", taken = {} }) {
  const place = [...path, String(index)],
    pointer = pointerOf(place),
    id = `f${pointer}`;
  const fault = faultNote(desk, pointer, id);
  const common = {
    id,
    class: "mono",
    "data-pointer": pointer,
    "aria-label": `${item} ${index + 1}`,
    "aria-invalid": fault ? "true" : null,
    "aria-describedby": fault ? `${id}:fault` : null,
  };
  return h(
    "div",
    { class: "pick", key: `pick${index}` },
    h(
      "div",
      { class: "picked" },
      before ? h("span", { class: "between", "aria-hidden": "true" }, before) : null,
      choices.length ? choiceOf(desk, place, value, choices, common) : typedOf(desk, place, common),
      h(
        "button",
        {
          type: "button",
          class: "quiet small",
          "aria-label": taken.label ?? `Remove ${item} ${index + 1}`,
          onclick:
            taken.act ??
            (() => {
              desk.edit((text) => without(text, place));
              const left = desk.sheet.at(path)?.length ?? 0;
              desk.focus(
                left ? `f${pointerOf([...path, String(Math.min(index, left - 1))])}` : `add${pointerOf(path)}`,
              );
            }),
        },
        "✕",
      ),
    ),
    fault,
  );
}

function choiceOf(desk, place, value, choices, common) {
  const now = JSON.stringify(value);
  const known = choices.some(([one]) => JSON.stringify(one) === now);
  return h(
    "select",
    {
      ...common,
      value: now,
      onchange: (event) => desk.edit((text) => put(text, place, JSON.parse(event.target.value))),
    },
    known ? null : h("option", { value: now }, typeof value === "string" ? value : now),
    choices.map(([one, text]) => h("option", { value: JSON.stringify(one) }, text)),
  );
}

function typedOf(desk, place, common) {
  return h("input", {
    ...common,
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    size: "14",
    value: shown(desk, place),
    onchange: (event) => desk.edit((text) => put(text, place, valuesOf(event.target.value)?.[0] ?? "")),
    onblur: settled,
  });
}

/** Adds the first of what is not there yet. */
function addButton(desk, path, list, { item, choices }) {
  const next = choices.find(([one]) => !list.includes(one)) ?? choices[0];
  return h(
    "button",
    {
      type: "button",
      class: "quiet small add",
      key: "add",
      id: `add${pointerOf(path)}`,
      "data-pointer": list.length ? null : pointerOf(path),
      "aria-label": `Add ${item}`,
      onclick: () => {
        desk.edit((text) => insert(text, path, list.length, next ? next[0] : ""));
        desk.focus(`f${pointerOf([...path, String(list.length)])}`);
      },
    },
    `+ ${item}`,
  );
}
