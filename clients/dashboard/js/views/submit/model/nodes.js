// What makes a layer a node of a graph: its name, what it takes, and what a group ends with.
import { argumentField } from "../fields/argument.js";
import { nameField } from "../fields/names.js";
import { pickList } from "../fields/picks.js";
import { REPEAT } from "../frame.js";
import { h } from "../h.js";
import { dropUnused, freshName } from "../holes.js";
import { pointerOf } from "../json.js";
import { put, without } from "../text.js";
import { branchField, branchOffer } from "./layers.js";
import { renamed, takeable } from "./named.js";
import { declaredToo } from "./offers.js";

export function nodeFields(desk, path, item) {
  const list = path.slice(0, -1);
  const choices = (names) => names.filter((name) => name !== item.name).map((name) => [name, name]);
  const inner = Array.isArray(item.nodes) ? item.nodes.map((node) => node?.name) : [];
  return [
    h(
      "div",
      { class: "args" },
      nameField(desk, [...path, "name"], "name", (next) =>
        desk.edit((text) => renamed(desk, put(text, [...path, "name"], next), list, item.name, next)),
      ),
      "repeat" in item
        ? argumentField(desk, [...path, "repeat"], REPEAT, { owner: String(item.name), label: "repeat" })
        : null,
    ),
    pickList(desk, [...path, "inputs"], {
      label: "inputs",
      item: "input",
      choices: choices(takeable(desk, list)),
      hint: "Nodes and inputs whose outputs this one takes.",
    }),
    "nodes" in item
      ? pickList(desk, [...path, "outputs"], {
          label: "ends with",
          item: "node",
          choices: choices(inner.filter((name) => typeof name === "string")),
          hint: "The one node of this group that others get.",
        })
      : null,
    "if" in item ? h("div", { key: "if", class: "wide" }, branchField(desk, path, item)) : null,
    h(
      "div",
      { class: "row" },
      "if" in item ? null : branchOffer(desk, path),
      "repeat" in item ? onceButton(desk, path) : repeatButton(desk, path),
    ),
  ];
}

/** Makes a node a chain of passes. */
function repeatButton(desk, path) {
  const repeated = (text) => {
    const name = freshName(desk.sheet.value, "repeats", "", false);
    const next = put(text, [...path, "repeat"], { hp: name });
    return declaredToo(next, [{ name, type: "int", min_value: 1, max_value: 3 }]);
  };
  return quiet("Repeat ...", () => {
    desk.edit(repeated);
    desk.focus(`f${pointerOf([...path, "repeat"])}`);
  });
}

function onceButton(desk, path) {
  return quiet("Only once", () => {
    desk.edit((text) => dropUnused(text, without(text, [...path, "repeat"])));
    desk.focus(`head${pointerOf(path)}`);
  });
}

const quiet = (text, act) => h("button", { type: "button", class: "quiet small more", onclick: act }, text);
