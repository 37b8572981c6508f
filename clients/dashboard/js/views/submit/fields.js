// The field of one argument: a plain value, a hyperparameter in its place, a fact of the data, an object, or JSON.
import { defaultOf as spokenDefault, OBJECT_KINDS, spoken } from "./catalogue.js";
import { FACTS } from "./frame.js";
import { h, settled, typed } from "./h.js";
import { declared, defaultOf, fits, fix, hole, means, tune } from "./holes.js";
import { rangeEditor, rangeText } from "./ranges.js";
import { Raw, isNumber, parse, pointerOf, put } from "./text.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** What was typed into the field of an argument, as something to put into the document; undefined when it was emptied. */
export function read(argument, text) {
  const { kinds } = argument;
  const word = text.trim();
  const number = /^[-+]?\.?[0-9]/.test(word)
    ? word
        .replace(/^\+/, "")
        .replace(/^(-?)\./, "$10.")
        .replace(/\.$/, "")
    : word;
  const list = kinds.find((kind) => kind.endsWith("_list"));
  const numeric = kinds.some((kind) => kind === "int" || kind === "float");
  if (word === "") return undefined;
  if (kinds.includes("null") && /^(none|null)$/i.test(word)) return null;
  if (kinds.includes("bool") && /^(true|false)$/i.test(word)) return word.toLowerCase() === "true";
  if (numeric && isNumber(number)) return new Raw(number);
  if (list && (!numeric || /[,[]/.test(word))) {
    const items = word
      .replace(/^\[|\]$/g, "")
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
    return items.map((one) => (list !== "string_list" && isNumber(one) ? new Raw(one) : one));
  }
  return word;
}

/** A value as it stands in a text field; numbers as they are written in the document. */
export function shown(desk, path) {
  const value = desk.sheet.at(path);
  if (value === undefined) return "";
  if (value === null) return "none";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) {
    return value
      .map((one, i) => (typeof one === "number" ? desk.sheet.written([...path, String(i)]) : String(one)))
      .join(", ");
  }
  return desk.sheet.written(path);
}

/** The faults of a field, and of what is inside it, as a list that its input is described by. */
export function faultNote(desk, pointer, id, deep = true) {
  const faults = desk.faultsAt(pointer, deep);
  return faults.length
    ? h(
        "div",
        { class: "fault", id: `${id}:fault` },
        faults.map(({ detail }) => h("div", {}, detail)),
      )
    : null;
}

/**
 * @param options.owner   what the argument belongs to, for names and for screen readers
 * @param options.label   what it is called, when not its own name
 * @param options.tunable whether a hyperparameter may stand here
 * @param options.ready   what has to happen to the text before the argument can be put into it
 * @param options.write   what happens instead of putting the value at the path
 * @param options.group   names of `choices` in groups: `[[group, [name]]]`
 */
export function argumentField(desk, path, argument, options = {}) {
  const name = String(path.at(-1));
  const { owner = "", label = name, tunable = true, ready = (text) => text, plainHint = false } = options;
  const pointer = pointerOf(path),
    id = `f${pointer}`;
  const value = desk.sheet.at(path);
  const tuned = hole(value);
  const fault = faultNote(desk, pointer, id);
  const write = options.write ?? ((next) => desk.edit((text) => put(ready(text), path, next)));
  const described = [`${id}:hint`, fault ? `${id}:fault` : ""].filter(Boolean).join(" ");
  const common = { id, "data-pointer": pointer, "aria-describedby": described, "aria-invalid": fault ? "true" : null };
  const said = spoken(argument),
    usual = argument.required ? "" : spokenDefault(argument);
  const hint = h(
    "div",
    { class: "hint", id: `${id}:hint` },
    plainHint
      ? argument.help
      : [
          h("span", { class: "kind" }, said, usual ? `; ${usual} if empty` : argument.required ? "; needed" : ""),
          argument.help ? ` · ${argument.help}` : "",
        ],
  );
  const canTune = tunable && !isNested(argument, value);
  const toggle = canTune ? tuneSwitch(desk, path, argument, { owner, label, tuned, ready, id }) : null;

  let control;
  if (tuned !== null) control = tunedControl(desk, path, argument, tuned, common, owner, label);
  else if (isObject(value) && typeof value.data === "string" && Object.keys(value).length === 1)
    control = factControl(desk, path, argument, value.data, common);
  else if (isObject(value) && !isNested(argument, value)) control = jsonControl(desk, path, common, label);
  else if (argument.kinds.includes("layer") || (isObject(value) && isNested(argument, value)))
    control = desk.nested(desk, path, argument, { owner, common });
  else control = plainControl(desk, path, argument, { common, write, label, group: options.group, ready });

  const text =
    tuned !== null || control.props?.["data-group"]
      ? h("span", { class: "label" }, label)
      : h("label", { for: id }, label);
  return h(
    "div",
    { class: `field arg${tuned !== null ? " tuned" : ""}${fault ? " faulty" : ""}`, key: options.key ?? pointer },
    h("div", { class: "top" }, text, toggle),
    control,
    fault,
    tuned === null ? hint : null,
  );
}

function isNested(argument, value) {
  return (
    argument.kinds.includes("layer") ||
    (isObject(value) && OBJECT_KINDS.some((kind) => argument.kinds.includes(kind) && kind in value))
  );
}

function tuneSwitch(desk, path, argument, { owner, label, tuned, ready, id }) {
  const what = owner ? `${label} of ${owner}` : label;
  return h(
    "button",
    {
      type: "button",
      role: "switch",
      class: "tune",
      "aria-checked": String(tuned !== null),
      "aria-label": `Tune ${what}`,
      id: `${id}:tune`,
      title: tuned === null ? "Let the search vary this" : "Use one value again",
      onclick: () => {
        if (tuned === null) {
          desk.ui.open.add(`range${pointerOf(path)}`);
          desk.edit((text) =>
            tune(ready(text), path, argument, { name: label.includes(" ") ? String(path.at(-1)) : label, owner }),
          );
          desk.say(`${label} is tuned now.`);
        } else {
          const was = declared(desk.sheet.value).find((one) => means(tuned, String(one.name)));
          desk.edit((text) => fix(text, path, defaultOf(was) ?? argument.default));
          desk.say(`${label} is one value again.`);
        }
        desk.focus(`${id}:tune`);
      },
    },
    "Tune",
  );
}

function tunedControl(desk, path, argument, name, common, owner, label) {
  const list = declared(desk.sheet.value);
  const index = list.findIndex((one) => means(name, String(one.name)));
  const others = list.map((one) => String(one.name)).filter((one, i) => i === index || fits(list[i], argument));
  const key = `range${pointerOf(path)}`,
    open = desk.ui.open.has(key);
  return h(
    "div",
    { class: "hp", role: "group", "aria-label": `${label} is tuned` },
    h(
      "div",
      { class: "row" },
      h(
        "select",
        {
          ...common,
          class: "mono",
          "aria-label": `Hyperparameter for ${owner ? `${label} of ${owner}` : label}`,
          value: index < 0 ? name : list[index].name,
          onchange: (event) => desk.edit((text) => fix(text, path, { hp: event.target.value })),
        },
        [...new Set(index < 0 ? [name, ...others] : others)].map((one) => h("option", { value: one }, one)),
      ),
      h("span", { class: "note small range" }, index < 0 ? "is not declared" : rangeText(list[index])),
      index < 0
        ? h(
            "button",
            {
              type: "button",
              class: "quiet",
              onclick: () =>
                desk.edit((text) => tune(fix(text, path, argument.default ?? null), path, argument, { name, owner })),
            },
            "Declare it",
          )
        : h(
            "button",
            {
              type: "button",
              class: "quiet small",
              "aria-expanded": String(open),
              "aria-controls": open ? `${key}:editor` : null,
              "aria-label": `Range of ${list[index].name}`,
              onclick: () => desk.toggle(key),
            },
            open ? "Close" : "Range",
          ),
    ),
    index >= 0 && open
      ? h("div", { class: "range-editor", id: `${key}:editor` }, rangeEditor(desk, index, `at${pointerOf(path)}`))
      : null,
  );
}

function factControl(desk, path, argument, fact, common) {
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

function plainControl(desk, path, argument, { common, write, label, group }) {
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

/** A part that the form has no fields for, as JSON; it is taken over when it is right. */
export function jsonControl(desk, path, common, label, rows = 0) {
  const text = desk.sheet.written(path);
  const typedText = desk.ui.json.get(common.id);
  return h(
    "div",
    { class: "json-field" },
    h("textarea", {
      ...common,
      class: "mono",
      "aria-label": `${label} as JSON`,
      spellcheck: "false",
      rows: rows || Math.min(12, Math.max(1, text.split("\n").length)),
      value: typedText ?? text,
      oninput: (event) =>
        typed(event, (now) => {
          let good = true;
          if (now.trim() !== "") {
            try {
              parse(now);
            } catch {
              good = false;
            }
          }
          if (good) {
            desk.ui.json.delete(common.id);
            desk.edit((all) => put(all, path, now.trim() === "" ? undefined : new Raw(now.trim())));
          } else {
            desk.ui.json.set(common.id, now);
            desk.redraw();
          }
        }),
      onblur: (event) => {
        if (!desk.ui.json.has(common.id)) settled(event);
      },
    }),
    typedText !== undefined
      ? h("div", { class: "fault" }, "This is no JSON yet; the document keeps what it had.")
      : null,
  );
}

/** A part the form does not know, kept untouched and editable as JSON. */
export function jsonField(desk, path, label, note) {
  const pointer = pointerOf(path),
    id = `f${pointer}`;
  const fault = faultNote(desk, pointer, id);
  return h(
    "div",
    { class: `field arg json${fault ? " faulty" : ""}`, key: pointer },
    h(
      "div",
      { class: "top" },
      h("label", { for: id }, label),
      h("button", { type: "button", class: "quiet small", onclick: () => desk.showInEditor(pointer) }, "edit in JSON"),
    ),
    jsonControl(
      desk,
      path,
      {
        id,
        "data-pointer": pointer,
        "aria-describedby": `${id}:hint${fault ? ` ${id}:fault` : ""}`,
        "aria-invalid": fault ? "true" : null,
      },
      label,
    ),
    fault,
    h(
      "div",
      { class: "hint", id: `${id}:hint` },
      note ?? "The form has no fields for this; it stays as it is written.",
    ),
  );
}
