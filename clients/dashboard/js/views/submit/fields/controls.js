// What a plain value is typed into or chosen from.
import { OBJECT_KINDS, spokenDefault } from "../catalogue.js";
import { read, shown } from "./typing.js";
import { h, settled, typed } from "../h.js";

export function plainControl(desk, path, argument, { common, write, group }) {
  const { kinds, choices } = argument;
  const value = desk.sheet.at(path);
  const numeric = kinds.some((kind) => ["int", "float"].includes(kind) || kind.endsWith("_list"));
  if (kinds.includes("bool") && !numeric && !choices) {
    return h("input", {
      ...common,
      type: "checkbox",
      class: "check",
      checked: typeof value === "boolean" ? value : argument.default === true,
      onchange: (event) => write(event.target.checked),
    });
  }
  if (choices && !numeric && !kinds.includes("bool"))
    return choiceControl(desk, path, argument, { common, write, value, group });
  const input = h("input", {
    ...common,
    type: "text",
    inputmode: numeric && !choices && !kinds.some((kind) => kind.endsWith("_list")) ? "decimal" : null,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: argument.required ? "" : spokenDefault(argument),
    list: choices ? `${common.id}:list` : null,
    value: shown(desk, path),
    oninput: (event) => typed(event, (text) => write(read(argument, text))),
    onblur: settled,
  });
  if (choices)
    return h(
      "div",
      {},
      input,
      h(
        "datalist",
        { id: `${common.id}:list` },
        choices.map((one) => h("option", { value: one })),
      ),
    );
  return input;
}

function choiceControl(desk, path, argument, { common, write, value, group }) {
  const { kinds, choices } = argument;
  const usual = spokenDefault(argument);
  const options = [];
  if (!argument.required || value === undefined)
    options.push(h("option", { value: "" }, argument.required ? "choose" : usual ? `${usual} (default)` : "as usual"));
  const option = (one) => h("option", { value: `=${one}` }, one);
  if (group)
    options.push(
      ...group.map(([name, members]) =>
        name ? h("optgroup", { label: name }, members.map(option)) : members.map(option),
      ),
    );
  else options.push(...choices.map(option));
  if (kinds.includes("null") && argument.default !== null) options.push(h("option", { value: "null" }, "none"));
  const known = choices.includes(value) || (group ?? []).some(([, members]) => members.includes(value));
  if (value !== undefined && value !== null && !known)
    options.push(h("option", { value: `=${value}` }, typeof value === "string" ? value : desk.sheet.written(path)));
  const now =
    value === undefined || (value === null && argument.default === null) ? "" : value === null ? "null" : `=${value}`;
  const object = OBJECT_KINDS.find((kind) => kinds.includes(kind));
  const entry = object && desk.catalogue.entry(object, value);
  return h(
    "div",
    { class: "row" },
    h(
      "select",
      {
        ...common,
        value: now,
        onchange: (event) => {
          const chosen = event.target.value;
          write(chosen === "" ? undefined : chosen === "null" ? null : chosen.slice(1));
        },
      },
      options,
    ),
    entry && Object.keys(entry.arguments).length
      ? h(
          "button",
          {
            type: "button",
            class: "quiet small",
            onclick: () => {
              write({ [object]: entry.name });
              desk.focus(`${common.id}:of`);
            },
          },
          "with arguments",
        )
      : null,
  );
}
