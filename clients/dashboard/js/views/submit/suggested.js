// The range to begin with when a value is tuned.
import { Raw } from "./text.js";

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
