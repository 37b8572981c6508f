// What a plain value is typed into or chosen from, and a fact of the data.
import { OBJECT_KINDS, spokenDefault } from "../catalogue.js";
import { read, shown } from "./typing.js";
import { FACTS } from "../frame.js";
import { h, settled, typed } from "../h.js";
import { put } from "../text.js";

export function plainControl(desk, path, argument, { common, write, label, group }) {
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
  // Inside a list of layers one whole number, or one list of them, may come from the data.
  if (
    argument.facts === false ||
    kinds.includes("int") === kinds.includes("int_list") ||
    !path.slice(0, -1).some((step) => /^[0-9]+$/.test(step)) ||
    path[0] !== "model"
  )
    return input;
  return h(
    "div",
    { class: "row" },
    input,
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        title: `Take ${label} from the data set`,
        onclick: () => {
          desk.edit((text) => put(text, path, { data: kinds.includes("int") ? "num_classes" : "image_shape" }));
          desk.focus(common.id);
        },
      },
      "from data",
    ),
  );
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

export function factControl(desk, path, argument, fact, common) {
  return h(
    "div",
    { class: "row fact-of" },
    h(
      "select",
      {
        ...common,
        value: fact,
        onchange: (event) => desk.edit((text) => put(text, [...path, "data"], event.target.value)),
      },
      [...new Set([...Object.keys(FACTS), fact])].map((one) =>
        h("option", { value: one }, `${one}: ${FACTS[one] ?? "?"}`),
      ),
    ),
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        onclick: () => {
          desk.edit((text) => put(text, path, argument.kinds.some((kind) => kind === "int") ? 10 : undefined));
          desk.focus(common.id);
        },
      },
      "Give a value",
    ),
  );
}
