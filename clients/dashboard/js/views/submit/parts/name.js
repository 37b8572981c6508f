// What a search is called: its name and its tags.
import { jsonField } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { h, settled, typed } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { put, renameKey, without } from "../text.js";

export function nameSection(desk) {
  const id = "f/name",
    fault = faultNote(desk, "/name", id);
  return [
    h(
      "div",
      { class: "args" },
      h(
        "div",
        { class: "field arg", key: "/name" },
        h("div", { class: "top" }, h("label", { for: id }, "Name")),
        h("input", {
          id,
          type: "text",
          "data-pointer": "/name",
          maxlength: "128",
          autocomplete: "off",
          "aria-invalid": fault ? "true" : null,
          "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
          value: String(desk.sheet.at(["name"]) ?? ""),
          oninput: (event) => typed(event, (text) => desk.edit((all) => put(all, ["name"], text))),
          onblur: settled,
        }),
        fault,
        h("div", { class: "hint", id: `${id}:hint` }, "For people; several searches may share it."),
      ),
    ),
    tags(desk),
  ];
}

function tags(desk) {
  const value = desk.sheet.at(["tags"]);
  if (value !== undefined && !isObject(value)) return jsonField(desk, ["tags"], "tags");
  const list = Object.entries(value ?? {});
  const input = (label, text, pointer, act) =>
    h("input", {
      type: "text",
      size: "12",
      "aria-label": label,
      "data-pointer": pointer,
      autocomplete: "off",
      value: text,
      onchange: (event) => act(event.target.value),
    });
  return h(
    "div",
    { class: "field tags", role: "group", "aria-label": "Tags", "data-pointer": "/tags" },
    h("div", { class: "label" }, "Tags"),
    list.map(([key, text], i) =>
      h(
        "div",
        { class: "row", key: `tag${i}` },
        input(`Tag ${i + 1}`, key, pointerOf(["tags", key]), (next) =>
          desk.edit((all) => renameKey(all, ["tags", key], next)),
        ),
        "=",
        input(`Value of ${key}`, String(text), null, (next) => desk.edit((all) => put(all, ["tags", key], next))),
        h(
          "button",
          {
            type: "button",
            class: "quiet small",
            "aria-label": `Remove tag ${key}`,
            onclick: () => {
              desk.edit((all) => (list.length === 1 ? without(all, ["tags"]) : without(all, ["tags", key])));
              desk.focus("add/tags");
            },
          },
          "✕",
        ),
        faultNote(desk, pointerOf(["tags", key]), `ftag${i}`),
      ),
    ),
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        id: "add/tags",
        onclick: () => {
          let name = "tag";
          for (let i = 2; list.some(([key]) => key === name); i += 1) name = `tag${i}`;
          desk.edit((all) => put(all, ["tags", name], ""));
          desk.focusPointer(pointerOf(["tags", name]));
        },
      },
      "+ Add a tag",
    ),
  );
}
