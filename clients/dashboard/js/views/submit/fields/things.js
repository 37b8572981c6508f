// Something the catalogue names, with its arguments: a layer, an optimizer, a loss, a callback, an estimator.
import { OBJECT_KINDS, beginning } from "../catalogue.js";
import { argumentField } from "./argument.js";
import { jsonField } from "./asjson.js";
import { h } from "../h.js";
import { declaredAs, dropUnused, hole } from "../holes.js";
import { isObject, pointerOf } from "../json.js";
import { put, without } from "../text.js";

/** The names a class may have at a place: one, or those of the choice that stands there. */
export function classes(desk, word) {
  const name = hole(word);
  if (name === null) return typeof word === "string" ? [word] : [];
  const one = declaredAs(desk.sheet.value, name);
  return Array.isArray(one?.values) ? one.values.filter((value) => typeof value === "string") : [];
}

/** The arguments of a class, or of all of several. */
export function argumentsAt(desk, own, word) {
  const all = classes(desk, word).map((name) => desk.catalogue.argumentsOf(own, name));
  return Object.assign({}, ...all.reverse());
}

/**
 * Fields for the arguments of what stands at `path` under the name of `own` ("layer", "optimizer", ...): those that are given
 * and those that are needed first, the others when they are asked for.
 *
 * @param options.skip  keys that are shown elsewhere
 * @param options.bare  whether the value may be the name alone; it becomes an object when an argument is given
 */
export function argumentFields(desk, path, own, { skip = [], owner, bare = false, tunable = true } = {}) {
  const value = desk.sheet.at(path);
  const word = isObject(value) && own in value ? value[own] : value;
  const all = argumentsAt(desk, own, word);
  const given =
    isObject(value) && own in value ? Object.keys(value).filter((key) => key !== own && !skip.includes(key)) : [];
  const needed = Object.keys(all).filter((name) => all[name].required && !given.includes(name));
  const others = Object.keys(all).filter(
    (name) => !given.includes(name) && !needed.includes(name) && !skip.includes(name),
  );
  const ready = bare && !(isObject(value) && own in value) ? (text) => put(text, path, { [own]: value }) : undefined;
  const key = `more${pointerOf(path)}`,
    open = desk.ui.open.has(key);
  const field = (name) =>
    all[name]
      ? argumentField(desk, [...path, name], all[name], {
          owner: owner ?? String(classes(desk, word)[0] ?? own),
          tunable: tunable && name !== "monitor" && name !== "name",
          ready,
        })
      : jsonField(desk, [...path, name], name, "The catalogue does not list this argument; it stays as it is written.");
  const faulty = others.filter((name) => desk.faultsAt(pointerOf([...path, name])).length);
  const rest = others.filter((name) => !faulty.includes(name));
  return [
    h("div", { class: "args" }, [...needed, ...given, ...faulty].map(field), open ? rest.map(field) : null),
    rest.length
      ? h(
          "button",
          {
            type: "button",
            class: "quiet small more",
            key,
            "aria-expanded": String(open),
            onclick: () => desk.toggle(key),
          },
          open ? "Fewer arguments" : `${rest.length} more ${rest.length === 1 ? "argument" : "arguments"}`,
        )
      : null,
  ];
}

/** The field that says which class it is; arguments the new one does not have go with the old one. */
export function classField(
  desk,
  path,
  own,
  { label, owner = label === own ? "" : own, help = "", groups = null, tunable = false, required = true } = {},
) {
  const value = desk.sheet.at(path);
  const place = isObject(value) && own in value ? [...path, own] : path;
  const shownGroups = (groups ?? desk.catalogue.groups(own)).map(([name, members]) => [
    name,
    members.map(({ name: one }) => one),
  ]);
  const choices = shownGroups.flatMap(([, members]) => members);
  const word = isObject(value) && own in value ? value[own] : value;
  const entry = desk.catalogue.entry(own, typeof word === "string" ? word : undefined);
  const argument = {
    kinds: ["enum"],
    choices: typeof word === "string" && entry && !choices.includes(word) ? [...choices, word] : choices,
    required,
    help: entry?.help ?? help,
  };
  const spelt = entry && !choices.includes(word) ? [["as it is written", [word]], ...shownGroups] : shownGroups;
  return argumentField(desk, place, argument, {
    label,
    tunable,
    owner,
    group: spelt,
    plainHint: true,
    key: `class${pointerOf(path)}`,
    write: (next) => desk.edit((text) => chosenClass(desk, text, path, own, next)),
  });
}

function chosenClass(desk, text, path, own, next) {
  const value = desk.sheet.at(path);
  if (next === undefined) return dropUnused(text, without(text, path));
  if (!isObject(value) || !(own in value)) return dropUnused(text, put(text, path, next));
  const known = desk.catalogue.argumentsOf(own, next);
  let changed = put(text, [...path, own], next);
  for (const key of Object.keys(value)) {
    if (key !== own && key in desk.catalogue.argumentsOf(own, value[own]) && !(key in known))
      changed = without(changed, [...path, key]);
  }
  for (const [name, argument] of Object.entries(known))
    if (argument.required && !(name in value)) changed = put(changed, [...path, name], beginning(argument, name));
  return dropUnused(text, changed);
}

/** What a new one begins with: its name, and a value for each argument that is needed. */
export function fresh(desk, own, name) {
  const made = { [own]: name };
  for (const [argument, said] of Object.entries(desk.catalogue.argumentsOf(own, name)))
    if (said.required)
      made[argument] = said.kinds.includes("layer") ? fresh(desk, "layer", said.choices[0]) : beginning(said, argument);
  return made;
}

/** The field of an argument that is itself an object: a layer inside a wrapper, a regularizer with arguments. */
export function nested(desk, path, argument, { owner, common }) {
  const value = desk.sheet.at(path);
  const own = argument.kinds.includes("layer") ? "layer" : OBJECT_KINDS.find((kind) => argument.kinds.includes(kind));
  const groups = [["", (argument.choices ?? []).map((name) => ({ name }))]];
  const choices = own === "layer" ? groups : desk.catalogue.groups(own);
  return h(
    "div",
    {
      class: "nested",
      "data-group": true,
      id: `${common.id}:of`,
      tabindex: "-1",
      role: "group",
      "aria-label": `${String(path.at(-1))} of ${owner}`,
    },
    classField(desk, path, own, { label: own, groups: own === "layer" ? [["", choices[0][1]]] : choices }),
    isObject(value) ? argumentFields(desk, path, own, {}) : null,
    own === "layer"
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "quiet small",
            onclick: () => {
              desk.edit((text) =>
                dropUnused(text, put(text, path, argument.required ? value[own] : (argument.default ?? undefined))),
              );
              desk.focus(common.id);
            },
          },
          "Without arguments",
        ),
  );
}

/** What a summary says of the arguments that are given: `[[name, value, tuned]]`. */
export function givenOf(desk, value, own, skip = []) {
  return Object.entries(value)
    .filter(([key]) => key !== own && !skip.includes(key))
    .map(([key, one]) => {
      const name = hole(one);
      if (name !== null) return [key, name, true];
      if (isObject(one) && typeof one.data === "string") return [key, one.data, false];
      if (isObject(one))
        return [key, String(one.layer ?? one.regularizer ?? one.initializer ?? one.constraint ?? "{...}"), false];
      return [key, typeof one === "string" ? one : JSON.stringify(one), false];
    });
}
