// What becomes of the stored rows before a model sees them.
import { fields } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { FIELDS } from "../frame.js";
import { h } from "../h.js";
import { isObject, pointerOf } from "../json.js";
import { put, without } from "../text.js";

const PREPROCESSING = {
  numbers: "Columns of numbers",
  categories: "Columns of categories",
  text: "Texts",
  sequence: "Token sequences",
  window: "Windows of a time series",
};

export function preprocessing(desk, one) {
  const path = ["dataset", "preprocessing"];
  const value = desk.sheet.at(path);
  if (value !== undefined && !isObject(value)) return jsonField(desk, path, "preprocessing");
  const suits =
    {
      table: ["numbers", "categories", "window"],
      text: ["text"],
      array: one?.max_token ? ["sequence", "window"] : ["window"],
      image: [],
    }[one?.kind ?? "array"] ?? [];
  const parts = Object.keys(PREPROCESSING).filter((name) => suits.includes(name) || (value && name in value));
  return [
    parts.map((name) => {
      const on = value !== undefined && name in value,
        optional = ["window", "sequence", "text"].includes(name);
      return h(
        "fieldset",
        { key: name, class: "part" },
        h(
          "legend",
          {},
          optional
            ? h(
                "label",
                {},
                h("input", {
                  type: "checkbox",
                  checked: on,
                  "data-pointer": pointerOf([...path, name]),
                  onchange: (event) =>
                    desk.edit((text) =>
                      event.target.checked
                        ? put(
                            text,
                            [...path, name],
                            name === "text" ? { max_tokens: 10000, sequence_length: 200 } : { length: 24 },
                          )
                        : Object.keys(value).length === 1
                          ? without(text, path)
                          : without(text, [...path, name]),
                    ),
                }),
                ` ${PREPROCESSING[name]}`,
              )
            : PREPROCESSING[name],
        ),
        on || !optional
          ? [
              h(
                "div",
                { class: "args" },
                fields(desk, [...path, name], FIELDS[name], Object.keys(FIELDS[name]), {
                  owner: PREPROCESSING[name].toLowerCase(),
                }),
              ),
              leftOver(desk, [...path, name], Object.keys(FIELDS[name])),
            ]
          : null,
      );
    }),
    leftOver(desk, path, Object.keys(PREPROCESSING)),
  ];
}
