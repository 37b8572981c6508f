// A list of things the catalogue names: metrics, callbacks.
import { jsonField } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { argumentFields } from "../fields/things.js";
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { picked } from "../picker.js";
import { insert, without } from "../text.js";

export function listOf(desk, path, own, { title, label, groups, value = (name) => name, skip = [] }) {
  const items = desk.sheet.at(path);
  if (items !== undefined && !Array.isArray(items))
    return h("fieldset", { class: "part", key: own }, h("legend", {}, label), jsonField(desk, path, own));
  const list = items ?? [];
  return h(
    "fieldset",
    { class: "part", key: own },
    h("legend", {}, label),
    faultNote(desk, pointerOf(path), `f${pointerOf(path)}`, false),
    list.map((item, i) => {
      const place = [...path, String(i)],
        pointer = pointerOf(place);
      const word = isObject(item) ? item[own] : item;
      const entry = desk.catalogue.entry(own, word);
      return h(
        "div",
        { class: "item", key: pointer },
        h(
          "div",
          { class: "row" },
          h("b", { class: "mono", id: `head${pointer}`, tabindex: "-1", "data-pointer": pointer }, String(word ?? "?")),
          h("span", { class: "note small grow" }, entry?.help ?? ""),
          h(
            "button",
            {
              type: "button",
              class: "quiet small",
              "aria-label": `Remove ${word}`,
              onclick: () => {
                desk.edit((text) => dropUnused(text, without(text, place)));
                desk.focus(`add${pointerOf(path)}`);
              },
            },
            "✕",
          ),
        ),
        faultNote(desk, pointer, `f${pointer}`, typeof item === "string"),
        typeof item === "string" && !Object.keys(entry?.arguments ?? {}).some((name) => name !== "name")
          ? null
          : argumentFields(desk, place, own, { bare: true, owner: String(word), skip }),
      );
    }),
    h(
      "button",
      {
        type: "button",
        class: "quiet add",
        id: `add${pointerOf(path)}`,
        "data-pointer": pointerOf(path),
        onclick: async () => {
          const made = await picked({ title, groups: groups() });
          if (!made) return;
          desk.edit((text) => insert(text, path, list.length, value(made.word ?? made.name)));
          desk.focus(`head${pointerOf([...path, String(list.length)])}`);
        },
      },
      `+ ${title}`,
    ),
  );
}
