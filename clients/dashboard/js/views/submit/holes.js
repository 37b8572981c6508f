// Hyperparameters and where they are used: a fixed value becomes one, and one becomes a fixed value again.
import { parse, valueOf } from "./json.js";
import { suggested } from "./suggested.js";
import { insert, put, without } from "./text.js";

/** Whether a value is a hole for a hyperparameter: `{"hp": "units"}`. */
export function hole(value) {
  return value !== null && typeof value === "object" && typeof value.hp === "string" && Object.keys(value).length === 1
    ? value.hp
    : null;
}

export function declared(value) {
  return Array.isArray(value?.hyperparameters)
    ? value.hyperparameters.map((one) => (one !== null && typeof one === "object" ? one : {}))
    : [];
}

/** The declaration that a written name means; undefined when there is none. */
export function declaredAs(value, written) {
  return declared(value).find((one) => means(written, String(one.name)));
}

/** Everything that names a hyperparameter: `[{name, path, as}]`, `as` being value, if, when, tuner or constraint. */
export function uses(value) {
  const found = [];
  (function look(one, path) {
    if (one === null || typeof one !== "object") return;
    if (!Array.isArray(one) && typeof one.hp === "string") {
      found.push({ name: one.hp, path, as: path.at(-1) === "if" ? "if" : path.includes("when") ? "when" : "value" });
    }
    for (const [key, inner] of Object.entries(one)) look(inner, [...path, key]);
  })(value, []);
  const list = value?.tuner?.hyperparameters;
  if (Array.isArray(list))
    list.forEach((name, i) => {
      if (typeof name === "string") found.push({ name, path: ["tuner", "hyperparameters", String(i)], as: "tuner" });
    });
  (Array.isArray(value?.constraints) ? value.constraints : []).forEach((rule, i) => {
    for (const [key, names] of Object.entries(rule ?? {})) {
      if (Array.isArray(names))
        names.forEach((name, j) => {
          if (typeof name === "string")
            found.push({ name, path: ["constraints", String(i), key, String(j)], as: "constraint" });
        });
    }
  });
  return found;
}

/** Whether a name that is written somewhere means this declaration: `units_3` means `units_{i}`. */
export function means(written, name) {
  if (written === name) return true;
  if (!name.includes("{i}")) return false;
  const [before, after] = name.split("{i}");
  return (
    written.startsWith(before) &&
    written.endsWith(after) &&
    /^[0-9]+$/.test(written.slice(before.length, written.length - after.length))
  );
}

/** The conditions that hold at a path, because of the branches around it, as `when` says them. */
function conditions(value, path) {
  const found = [];
  let one = value;
  for (const step of path) {
    if (
      one !== null &&
      typeof one === "object" &&
      !Array.isArray(one) &&
      typeof one.if?.hp === "string" &&
      step !== "if"
    )
      found.push(one.if);
    one = one?.[step];
  }
  return found;
}

/** How many repeats stand around a path. */
function repeats(value, path) {
  let one = value,
    count = 0;
  for (const step of path) {
    if (one !== null && typeof one === "object" && !Array.isArray(one) && "repeat" in one && step !== "repeat")
      count += 1;
    one = one?.[step];
  }
  return count;
}

/** A name no hyperparameter has: `units`, else `dense_units`, `dense_units_b`, ... with `{i}` inside a repeat. */
export function freshName(value, argument, owner, numbered) {
  const taken = new Set(
    declared(value).map((one) =>
      String(one.name)
        .toLowerCase()
        .replace(/_?\{i\}/, ""),
    ),
  );
  const clean = (text) =>
    String(text)
      .replace(/[^\w]/g, "_")
      .replace(/^[^A-Za-z_]+/, "");
  const short = clean(argument) || "value";
  const long = owner ? `${clean(owner.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase())}_${short}` : short;
  const names = [short, long, ..."bcdefghijklmnopqrstuvwxyz".split("").map((letter) => `${long}_${letter}`)];
  const free = names.find((name) => !taken.has(name.toLowerCase())) ?? `${long}_${taken.size}x`;
  return numbered ? `${free}_{i}` : free;
}

/** The text with a new hyperparameter in the place of the value at `path`. */
export function tune(text, path, argument, { name = String(path.at(-1)), owner = "" } = {}) {
  const value = valueOf(parse(text));
  const now = path.reduce((one, step) => one?.[step], value) ?? argument.default;
  const called = freshName(value, name, owner, repeats(value, path) > 0);
  const when = conditions(value, path);
  const made = { name: called, ...suggested(argument, name, now), ...(when.length ? { when } : {}) };
  const filled = put(text, path, { hp: called });
  return insert(filled, ["hyperparameters"], declared(value).length, made);
}

/** What a search would begin with. */
export function defaultOf(hyperparameter) {
  if (hyperparameter?.default !== undefined) return hyperparameter.default;
  return (
    { choice: hyperparameter?.values?.[0], boolean: false, fixed: hyperparameter?.value }[hyperparameter?.type] ??
    hyperparameter?.min_value
  );
}

/** The text with a value in the place of the hole at `path`; a hyperparameter nobody else uses goes with it. */
export function fix(text, path, value) {
  return dropUnused(text, put(text, path, value));
}

/** `after` without the hyperparameters that it no longer uses and `before` did. */
export function dropUnused(before, after) {
  const used = (text) => {
    const value = valueOf(parse(text));
    return { value, names: uses(value).map(({ name }) => name) };
  };
  const old = used(before).names;
  let text = after;
  for (;;) {
    const { value, names } = used(text);
    const list = declared(value);
    const index = list.findIndex(
      ({ name }) =>
        typeof name === "string" && old.some((one) => means(one, name)) && !names.some((one) => means(one, name)),
    );
    if (index < 0) return text;
    text = without(text, ["hyperparameters", String(index)]);
  }
}

/** The text with a hyperparameter called otherwise, wherever it is named; `units_3` follows `units_{i}`. */
export function rename(text, index, next) {
  const value = valueOf(parse(text));
  const before = declared(value)[index]?.name;
  let changed = put(text, ["hyperparameters", String(index), "name"], next);
  if (typeof before !== "string") return changed;
  for (const { name, path, as } of uses(value)) {
    const bare = as === "tuner" || as === "constraint";
    if (name === before) changed = put(changed, bare ? path : [...path, "hp"], next);
    else if (bare && means(name, before)) changed = put(changed, path, next.replace("{i}", countOf(name, before)));
  }
  return changed;
}

/** The number in `units_3` of `units_{i}`. */
function countOf(written, name) {
  const [before, after] = name.split("{i}");
  return written.slice(before.length, written.length - after.length);
}

/** Whether the values of a hyperparameter may be of a kind an argument takes. */
export function fits(hyperparameter, argument) {
  const kinds = argument.kinds;
  const values =
    hyperparameter.type === "choice"
      ? (hyperparameter.values ?? [])
      : hyperparameter.type === "fixed"
        ? [hyperparameter.value]
        : null;
  if (values) {
    return values.every((one) =>
      typeof one === "string"
        ? Boolean(argument.choices?.includes(one)) || (kinds.includes("string") && !argument.choices)
        : typeof one === "boolean"
          ? kinds.includes("bool")
          : Array.isArray(one)
            ? argument.lists || kinds.some((kind) => kind.endsWith("_list"))
            : kinds.includes("float") || (kinds.includes("int") && Number.isInteger(one)),
    );
  }
  return (
    {
      int: kinds.includes("int") || kinds.includes("float"),
      float: kinds.includes("float"),
      boolean: kinds.includes("bool"),
    }[hyperparameter.type] ?? false
  );
}
