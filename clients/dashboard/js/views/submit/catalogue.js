// The service's catalogue, looked up the way a form needs it. An argument is `{kinds, required, default, choices, minimum,
// exclusive_minimum, maximum, exclusive_maximum, min_items, max_items, help}` as `GET /v1/catalog` gives it.

const PLACES = {
  layer: "layers",
  optimizer: "optimizers",
  loss: "losses",
  metric: "metrics",
  callback: "callbacks",
  initializer: "initializers",
  regularizer: "regularizers",
  constraint: "constraints",
  step: "steps",
  estimator: "estimators",
  application: "applications",
  tuner: "tuners",
};

/** The kinds an argument may have besides a name that are objects with arguments of their own. */
export const OBJECT_KINDS = ["initializer", "regularizer", "constraint"];

export function catalogue(document) {
  const words = {};
  for (const [own, section] of Object.entries(PLACES)) {
    words[own] = new Map();
    for (const [name, entry] of Object.entries(document[section] ?? {})) {
      for (const word of [name, ...(entry.aliases ?? [])])
        if (!words[own].has(word)) words[own].set(word, { name, ...entry });
    }
  }

  /** The entry of a class name or a short word; undefined when there is none. */
  const entry = (own, word) => (typeof word === "string" ? words[own]?.get(word) : undefined);

  /** `[[group, [{name, help, ...}]]]` of what may stand behind a word like "layer". */
  function groups(own, fits = () => true) {
    const found = new Map();
    for (const [name, one] of Object.entries(document[PLACES[own]] ?? {})) {
      if (!fits({ name, ...one })) continue;
      if (!found.has(one.group)) found.set(one.group, []);
      found.get(one.group).push({ name, ...one });
    }
    return [...found];
  }

  /** What a metric of `compile.metrics` is called in the logs, and which way it is better. */
  function logged(metric, estimators) {
    const word = typeof metric === "string" ? metric : metric?.metric;
    if (estimators)
      return typeof word === "string" ? { name: word, direction: document.estimator_metrics?.[word]?.direction } : null;
    const found = entry("metric", word);
    if (!found) return null;
    const name = typeof metric?.name === "string" ? metric.name : word === found.name ? found.logged_as : word;
    return { name, direction: found.direction };
  }

  return { document, entry, groups, logged, argumentsOf: (own, word) => entry(own, word)?.arguments ?? {} };
}

/** What may be given, as people say it: `integer, 1 to 1,000`, `relu, tanh, ... or null`. */
export function spoken(argument) {
  const kinds = argument.kinds;
  const parts = [];
  const range = rangeOf(argument);
  if (kinds.includes("float")) parts.push(`number${range}`);
  else if (kinds.includes("int")) parts.push(`integer${range}`);
  const list = kinds.find((kind) => kind.endsWith("_list"));
  if (list) {
    const { min_items: least = 1, max_items: most = 64 } = argument;
    const count = least === most ? `${least} ` : "";
    parts.push(
      `list of ${count}${{ int_list: "integers", float_list: "numbers", string_list: "names" }[list]}${parts.length ? "" : range}`,
    );
  }
  if (kinds.includes("bool")) parts.push("true or false");
  if (kinds.includes("layer")) parts.push("a layer");
  else if (argument.choices)
    parts.push(argument.choices.length > 6 ? `one of ${argument.choices.length} names` : argument.choices.join(", "));
  else if (kinds.includes("string")) parts.push("a word");
  if (kinds.includes("null")) parts.push("none");
  return parts.join(" or ");
}

function rangeOf({ minimum, exclusive_minimum: above, maximum, exclusive_maximum: below }) {
  const low = minimum ?? above,
    high = maximum ?? below;
  const plain = (value) =>
    (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15) || value === 0
      ? value.toLocaleString("en", { maximumFractionDigits: 6 })
      : String(value);
  const lower = low === undefined ? "" : `${above !== undefined ? "above " : ""}${plain(low)}`;
  const upper = high === undefined ? "" : `${below !== undefined ? "below " : ""}${plain(high)}`;
  if (lower && upper) return `, ${lower} to ${upper}`;
  if (lower) return above !== undefined ? `, ${lower}` : `, at least ${lower}`;
  return upper ? `, at most ${upper}` : "";
}

/** The default of an argument, as people say it. */
export function spokenDefault(argument) {
  if (argument.default === undefined) return "";
  if (argument.default === null) return "none";
  return typeof argument.default === "string" ? argument.default : JSON.stringify(argument.default);
}

/** A value that is allowed for a required argument, to begin with. */
export function beginning(argument, name) {
  if (!argument.required && argument.default !== undefined) return argument.default;
  const USUAL = {
    units: 64,
    filters: 32,
    kernel_size: 3,
    pool_size: 2,
    rate: 0.2,
    stddev: 0.1,
    activation: "relu",
    n: 2,
    input_dim: { data: "vocabulary_size" },
    output_dim: 32,
    num_heads: 4,
    key_dim: 32,
    target_shape: { data: "image_shape" },
    scale: 0.1,
    factor: 0.1,
    height: 64,
    width: 64,
    num_query_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    dims: [1],
    height_factor: 0.2,
    schedule: "cosine",
  };
  const usual = USUAL[name];
  if (usual !== undefined && suits(argument, usual)) return usual;
  if (argument.kinds.includes("layer")) return { layer: argument.choices[0] };
  if (argument.choices) return argument.choices[0];
  if (argument.kinds.includes("bool")) return false;
  if (argument.kinds.includes("null")) return null;
  const least = argument.minimum ?? (argument.exclusive_minimum === undefined ? 1 : argument.exclusive_minimum + 1);
  const one =
    argument.kinds.includes("float") || argument.kinds.includes("float_list")
      ? Math.max(least, Math.min(0.5, argument.maximum ?? 0.5))
      : Math.max(least, 1);
  if (argument.kinds.includes("int") || argument.kinds.includes("float")) return one;
  return Array(argument.min_items ?? 1).fill(one);
}

function suits(argument, value) {
  if (typeof value === "string")
    return argument.choices ? argument.choices.includes(value) : argument.kinds.includes("string");
  if (Array.isArray(value))
    return argument.kinds.some((kind) => kind.endsWith("_list")) && value.length >= (argument.min_items ?? 1);
  if (typeof value === "object")
    return argument.kinds.includes("int") || argument.kinds.some((kind) => kind.endsWith("_list"));
  if (
    Number.isInteger(value)
      ? !argument.kinds.some((kind) => ["int", "float"].includes(kind))
      : !argument.kinds.includes("float")
  )
    return false;
  const {
    minimum = -Infinity,
    maximum = Infinity,
    exclusive_minimum: above = -Infinity,
    exclusive_maximum: below = Infinity,
  } = argument;
  return value >= minimum && value <= maximum && value > above && value < below;
}
