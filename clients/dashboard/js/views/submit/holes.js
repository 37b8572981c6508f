// Hyperparameters and where they are used: a fixed value becomes one, and one becomes a fixed value again.
import { Raw, insert, parse, put, valueOf } from "./text.js";

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
export function conditions(value, path) {
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
export function repeats(value, path) {
  let one = value,
    count = 0;
  for (const step of path) {
    if (one !== null && typeof one === "object" && !Array.isArray(one) && "repeat" in one && step !== "repeat")
      count += 1;
    one = one?.[step];
  }
  return count;
}

const RANGES = {
  units: { type: "int", min_value: 32, max_value: 256, step: 32 },
  filters: { type: "int", min_value: 8, max_value: 64, step: 2, sampling: "log" },
  kernel_size: { type: "choice", values: [3, 5] },
  rate: { type: "float", min_value: new Raw("0.0"), max_value: 0.5, step: 0.1 },
  dropout: { type: "float", min_value: new Raw("0.0"), max_value: 0.5, step: 0.1 },
  learning_rate: { type: "float", min_value: 0.0001, max_value: 0.01, sampling: "log" },
  batch_size: { type: "choice", values: [16, 32, 64] },
  weight_decay: { type: "float", min_value: 0.00001, max_value: 0.01, sampling: "log" },
  momentum: { type: "float", min_value: new Raw("0.0"), max_value: 0.95 },
  l1: { type: "float", min_value: 1e-6, max_value: 0.01, sampling: "log" },
  l2: { type: "float", min_value: 1e-6, max_value: 0.01, sampling: "log" },
  n_estimators: { type: "int", min_value: 50, max_value: 400, step: 50 },
  label_smoothing: { type: "float", min_value: new Raw("0.0"), max_value: 0.2, step: 0.05 },
};
const WORDS = {
  activation: ["relu", "tanh", "gelu"],
  initializer: ["glorot_uniform", "he_normal"],
  regularizer: ["l1", "l2"],
  constraint: ["max_norm", "non_neg"],
};

const plain = (value) => (value instanceof Raw ? Number(value.text) : value);

/** A range to begin with for an argument, around the value it has now. */
export function suggested(argument, name, value) {
  const kinds = argument.kinds;
  if (kinds.includes("bool") && !kinds.includes("int"))
    return { type: "boolean", ...(value === true ? { default: true } : {}) };
  if (argument.choices && !(typeof value === "number")) {
    const usual = WORDS[kinds.find((kind) => WORDS[kind])] ?? argument.choices;
    const first = typeof value === "string" ? [value] : [];
    return {
      type: "choice",
      values: [...new Set([...first, ...usual.filter((word) => argument.choices.includes(word))])].slice(
        0,
        Math.max(3, first.length),
      ),
    };
  }
  const ready = RANGES[name];
  const number = typeof value === "number" ? value : undefined;
  const low = argument.minimum ?? argument.exclusive_minimum ?? -Infinity,
    high = argument.maximum ?? argument.exclusive_maximum ?? Infinity;
  const allowed = (one) =>
    plain(one) >= low &&
    plain(one) <= high &&
    !(argument.exclusive_minimum !== undefined && plain(one) === low) &&
    !(argument.exclusive_maximum !== undefined && plain(one) === high);
  const suits =
    ready &&
    (ready.type !== "int" || kinds.includes("int") || kinds.includes("float")) &&
    (ready.type !== "float" || kinds.includes("float")) &&
    (ready.values ?? [ready.min_value, ready.max_value]).every(allowed);
  if (suits && ready.values) {
    const values =
      number === undefined || ready.values.includes(number)
        ? ready.values
        : [...ready.values, number].sort((a, b) => a - b);
    return { ...ready, values, ...(number === undefined || number === values[0] ? {} : { default: number }) };
  }
  if (suits && (number === undefined || (number >= plain(ready.min_value) && number <= plain(ready.max_value))))
    return withDefault({ ...ready }, number);
  if (kinds.includes("int") && !(kinds.includes("float") && !Number.isInteger(number ?? 0.5))) {
    const base = number ?? Math.max(1, Number.isFinite(low) ? low : 1);
    const from = Math.max(low, base > 1 ? Math.ceil(base / 2) : base),
      to = Math.min(high, Math.max(base * 2, from + 2));
    return withDefault({ type: "int", min_value: from, max_value: to }, number);
  }
  if (number > 0 && number / 10 > low) {
    const to = Math.min(number * 10, argument.exclusive_maximum !== undefined ? (high + number) / 2 : high);
    return withDefault({ type: "float", min_value: tidy(number / 10), max_value: tidy(to), sampling: "log" }, number);
  }
  const from =
    Number.isFinite(low) && argument.exclusive_minimum === undefined ? low : Math.max(number ?? 0.1, 0.1) / 10;
  const end =
    Number.isFinite(high) && high <= 1
      ? argument.exclusive_maximum === undefined
        ? high
        : high * 0.9
      : Math.max(1, (number ?? 0) * 2);
  return withDefault({ type: "float", min_value: tidy(from), max_value: tidy(Math.max(end, from + 0.1)) }, number);
}

const tidy = (number) => Number(number.toPrecision(6));

function withDefault(range, value) {
  if (value === undefined || value === plain(range.min_value)) return range;
  const ratio =
    range.sampling === "log"
      ? Math.log(value / plain(range.min_value)) / Math.log(range.step ?? 10)
      : (value - plain(range.min_value)) / (range.step ?? 1);
  if (range.step !== undefined && Math.abs(ratio - Math.round(ratio)) > 1e-9) delete range.step;
  return { ...range, default: value };
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
    text = removeItem(text, ["hyperparameters", String(index)]);
  }
}

function removeItem(text, path) {
  return put(text, path, undefined);
}

/** The text with a hyperparameter called otherwise, wherever it is named. */
export function rename(text, index, next) {
  const value = valueOf(parse(text));
  const before = declared(value)[index]?.name;
  let changed = put(text, ["hyperparameters", String(index), "name"], next);
  for (const { name, path, as } of uses(value)) {
    if (typeof before === "string" && name === before)
      changed = put(changed, as === "tuner" || as === "constraint" ? path : [...path, "hp"], next);
  }
  return changed;
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
            ? kinds.some((kind) => kind.endsWith("_list"))
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
