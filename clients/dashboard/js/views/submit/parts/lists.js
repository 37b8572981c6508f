// A list of things the catalogue names: metrics, callbacks.
import { jsonField } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { argumentFields } from "../fields/things.js";
import { h } from "../h.js";
import { dropUnused } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { picked } from "../picker.js";
import { insert, without } from "../text.js";

/**
 * @param options.title   what its button says: "Add a metric"
 * @param options.groups  answers what may be added, for the picker
 * @param options.value   what a new one begins with, of its name
 */
export function listOf(desk, path, own, { title, label, groups, value = (name) => name }) {
  const items = desk.sheet.at(path),
    pointer = pointerOf(path);
  const good = items === undefined || Array.isArray(items);
  return h(
    "fieldset",
    { class: "part", key: own },
    h("legend", {}, label),
    good
      ? [
          faultNote(desk, pointer, `f${pointer}`, false),
          (items ?? []).map((item, i) => member(desk, path, own, item, i)),
          addition(desk, path, { count: (items ?? []).length, title, groups, value }),
        ]
      : jsonField(desk, path, own),
  );
}

function member(desk, path, own, item, index) {
  const place = [...path, String(index)],
    pointer = pointerOf(place);
  const word = isObject(item) ? item[own] : item;
  const entry = desk.catalogue.entry(own, word);
  const bare = typeof item === "string" && !Object.keys(entry?.arguments ?? {}).some((name) => name !== "name");
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
    bare ? null : argumentFields(desk, place, own, { bare: true, owner: String(word) }),
  );
}

function addition(desk, path, { count, title, groups, value }) {
  return h(
    "button",
    {
      type: "button",
      class: "quiet add",
      id: `add${pointerOf(path)}`,
      "data-pointer": pointerOf(path),
      onclick: async () => {
        const made = await picked({ title, groups: groups() });
        if (!made) return;
        desk.edit((text) => insert(text, path, count, value(made.word ?? made.name)));
        desk.focus(`head${pointerOf([...path, String(count)])}`);
      },
    },
    `+ ${title}`,
  );
}
