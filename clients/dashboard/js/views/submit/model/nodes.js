// What makes a layer a node of a graph: its name, what it takes, and what a group ends with.
import { argumentField } from "../fields/argument.js";
import { jsonField } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { REPEAT } from "../frame.js";
import { h, settled, typed } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { branchField } from "./layers.js";
import { put } from "../text.js";

export function nodeFields(desk, path, item) {
  const list = (key, label, hint) => {
    const pointer = pointerOf([...path, key]),
      id = `f${pointer}`,
      value = item[key];
    if (value !== undefined && !(Array.isArray(value) && value.every((one) => typeof one === "string")))
      return jsonField(desk, [...path, key], label);
    const fault = faultNote(desk, pointer, id);
    return h(
      "div",
      { class: "field arg", key },
      h("div", { class: "top" }, h("label", { for: id }, label)),
      h("input", {
        id,
        type: "text",
        class: "mono",
        "data-pointer": pointer,
        autocomplete: "off",
        spellcheck: "false",
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
        value: (value ?? []).join(", "),
        oninput: (event) =>
          typed(event, (text) =>
            desk.edit((all) =>
              put(
                all,
                [...path, key],
                text
                  .split(",")
                  .map((one) => one.trim())
                  .filter(Boolean),
              ),
            ),
          ),
        onblur: settled,
      }),
      fault,
      h("div", { class: "hint", id: `${id}:hint` }, hint),
    );
  };
  const pointer = pointerOf([...path, "name"]),
    id = `f${pointer}`,
    fault = faultNote(desk, pointer, id);
  return h(
    "div",
    { class: "args" },
    h(
      "div",
      { class: "field arg", key: "name" },
      h("div", { class: "top" }, h("label", { for: id }, "name")),
      h("input", {
        id,
        type: "text",
        class: "mono",
        "data-pointer": pointer,
        autocomplete: "off",
        spellcheck: "false",
        value: String(item.name ?? ""),
        "aria-invalid": fault ? "true" : null,
        "aria-describedby": fault ? `${id}:fault` : null,
        onchange: (event) => desk.edit((text) => renamedNode(desk, text, path, event.target.value.trim())),
      }),
      fault,
    ),
    list("inputs", "inputs", "Names of nodes or inputs, between commas."),
    "repeat" in item
      ? argumentField(desk, [...path, "repeat"], REPEAT, { owner: String(item.name), label: "repeat" })
      : null,
    "nodes" in item ? list("outputs", "output", "The node this group ends with.") : null,
    "if" in item ? h("div", { key: "if", class: "wide" }, branchField(desk, path, item)) : null,
  );
}

/** A node called otherwise, also where its neighbours and the outputs name it. */
function renamedNode(desk, text, path, next) {
  const before = desk.sheet.at([...path, "name"]);
  let changed = put(text, [...path, "name"], next);
  const siblings = path.slice(0, -1),
    owner = siblings.slice(0, -1);
  const swap = (list, at) => {
    if (Array.isArray(list) && list.includes(before))
      changed = put(
        changed,
        at,
        list.map((one) => (one === before ? next : one)),
      );
  };
  (desk.sheet.at(siblings) ?? []).forEach((node, i) => swap(node?.inputs, [...siblings, String(i), "inputs"]));
  const outputs = desk.sheet.at([...owner, "outputs"]);
  swap(outputs, [...owner, "outputs"]);
  if (isObject(outputs))
    for (const [key, one] of Object.entries(outputs))
      if (one === before) changed = put(changed, [...owner, "outputs", key], next);
  return changed;
}
