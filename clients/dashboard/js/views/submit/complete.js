// What may be written at a place of a definition: keys and values, from the catalogue, while the text is still incomplete.
import { syntaxTree } from "../../../vendor/codemirror.js";
import { spoken, spokenDefault } from "./catalogue.js";
import { FACTS, FIELDS, SAMPLING } from "./frame.js";
import { declared } from "./holes.js";
import { loggedNames } from "./parts/logged.js";

const TOP = [
  "name",
  "dataset",
  "model",
  "compile",
  "fit",
  "hyperparameters",
  "constraints",
  "objective",
  "tuner",
  "limits",
  "parallelism",
  "executions_per_trial",
  "max_retries_per_trial",
  "priority",
  "seed",
  "tags",
];
const KEYS = {
  dataset: ["name", "id", "scale", "test_split", "preprocessing"],
  "dataset/preprocessing": ["numbers", "categories", "columns", "text", "sequence", "window"],
  model: [
    "type",
    "layers",
    "inputs",
    "nodes",
    "outputs",
    "application",
    "weights",
    "trainable",
    "pooling",
    "image_size",
    "preprocess",
    "augmentation",
    "head",
    "steps",
    "estimator",
    "builder",
    "code",
    "entry",
    "arguments",
  ],
  compile: ["optimizer", "loss", "loss_weights", "metrics"],
  fit: [...Object.keys(FIELDS.fit), "cross_validation", "callbacks"],
  "fit/cross_validation": Object.keys(FIELDS.cross_validation),
  objective: ["name", "direction"],
  limits: Object.keys(FIELDS.limits),
};
const RANGE = {
  int: ["min_value", "max_value", "step", "sampling", "default", "when"],
  float: ["min_value", "max_value", "step", "sampling", "default", "when"],
  choice: ["values", "ordered", "default", "when"],
  boolean: ["default", "when"],
  fixed: ["value", "when"],
};
const OWN = [
  "layer",
  "optimizer",
  "loss",
  "metric",
  "callback",
  "step",
  "estimator",
  "regularizer",
  "initializer",
  "constraint",
  "application",
];
const HOLES = ["hp", "data", "item", "mul", "div"];

/** The tree of the editor around a position: path, the texts beside it, and whether a key or a value is written there. */
function around(state, position) {
  const text = (node) => {
    const raw = state.sliceDoc(node.from, node.to);
    try {
      return JSON.parse(raw);
    } catch {
      return raw.replace(/^"|"$/g, "");
    }
  };
  let node = syntaxTree(state).resolveInner(position, -1);
  const written = node.name === "PropertyName" || node.name === "String" ? node : null;
  if (!written && !["Object", "Array", "Property", "{", "[", ",", ":"].includes(node.name) && node.name !== "⚠")
    node = node.parent ?? node;
  const path = [],
    siblings = [];
  let key = node.name === "PropertyName",
    first = true;
  for (let one = node; one; one = one.parent) {
    if (one.name === "Property") {
      const name = one.getChild("PropertyName");
      if (name) path.unshift(text(name));
    } else if (one.name === "Array") {
      let index = 0;
      for (let child = one.firstChild; child && child.to < position; child = child.nextSibling)
        if (child.name === ",") index += 1;
      path.unshift(String(index));
    } else if (one.name === "Object") {
      const beside = {};
      for (const property of one.getChildren("Property")) {
        const name = property.getChild("PropertyName"),
          value = property.lastChild;
        if (name && value && value !== name)
          beside[text(name)] = ["String", "Number", "True", "False"].includes(value.name) ? text(value) : value;
      }
      siblings.push(beside);
      // In an object, but in none of its properties: a key comes next.
      if (first && (one === node || node.name === "{" || node.name === "," || node.name === "⚠")) key = true;
    }
    if (["Object", "Array"].includes(one.name)) first = false;
  }
  return { path, key, siblings, written };
}

/** A source of completions for the editor. */
export function completions(context, { catalogue, sheet, datasets, desk }) {
  const { path, key, siblings, written } = around(context.state, context.pos);
  if (!written && !context.explicit && !/["\w]$/.test(context.matchBefore(/["\w]+/)?.text ?? "")) return null;
  const options = key
    ? keys(path, siblings[0] ?? {}, siblings[1] ?? {}, written, catalogue, sheet, context)
    : values(path, siblings[0] ?? {}, siblings[1] ?? {}, catalogue, sheet, datasets, desk);
  const bare = written ? null : context.matchBefore(/[\w]+/);
  const from = written ? written.from : (bare?.from ?? context.pos);
  const to = written ? written.to : context.pos;
  // By what stands before the cursor: behind it there is a quote, which no name in the list has in that place.
  const begun = context.state.sliceDoc(from, context.pos).replace(/^"/, "").toLowerCase();
  const fitting = options.filter(({ label }) => label.toLowerCase().includes(begun));
  if (
    !fitting.length ||
    (fitting.length === 1 && fitting[0].label === context.state.sliceDoc(from, to).replace(/^"|"$/g, ""))
  )
    return null;
  fitting.sort((a, b) => b.label.toLowerCase().startsWith(begun) - a.label.toLowerCase().startsWith(begun));
  const follows = context.state
    .sliceDoc(to, to + 12)
    .trimStart()
    .startsWith(":");
  return {
    from,
    to,
    filter: false,
    options: fitting.map(({ label, detail, info, raw, boost }) => {
      const text = raw ? label : JSON.stringify(label);
      return {
        label: text,
        displayLabel: label,
        detail,
        info,
        boost,
        type: key ? "property" : "constant",
        apply: key && !follows ? `${text}: ` : text,
      };
    }),
  };
}

function keys(path, beside, above, written, catalogue, sheet, context) {
  const place = path.slice(0, written ? -1 : undefined);
  const present = new Set(Object.keys(beside));
  if (written) present.delete(context.state.sliceDoc(written.from + 1, written.to).replace(/"$/, ""));
  const said = (name, argument) => ({
    label: name,
    detail: argument ? spoken(argument) : "",
    info: argument?.help || (argument && !argument.required ? `Default: ${spokenDefault(argument)}` : undefined),
    boost: argument?.required ? 2 : 0,
  });
  const list = [];
  const own = OWN.find((word) => typeof beside[word] === "string" && (word !== "application" || path[0] === "model"));
  if (place.length === 0) list.push(...TOP.map((name) => said(name, FIELDS.search[name])));
  else if (place[0] === "hyperparameters" && place.length <= 2)
    list.push(
      ...["name", "type", ...(RANGE[beside.type] ?? ["min_value", "max_value", "values", "when"])].map((name) =>
        said(name),
      ),
    );
  else if (place[0] === "tuner")
    list.push(
      said("type"),
      ...Object.entries(catalogue.argumentsOf("tuner", beside.type)).map(([name, argument]) => said(name, argument)),
    );
  else if (own)
    list.push(
      ...Object.entries(catalogue.argumentsOf(own, beside[own])).map(([name, argument]) => said(name, argument)),
    );
  else if (place.at(-1) === "if" || place.includes("when")) list.push(said("hp"), said("in"));
  else {
    const known =
      KEYS[place.join("/")] ??
      (place[0] === "dataset" && place[1] === "preprocessing" ? Object.keys(FIELDS[place[2]] ?? {}) : null);
    const fields = FIELDS[place.at(-1)];
    if (known) list.push(...known.map((name) => said(name, fields?.[name])));
    if (/^[0-9]+$/.test(place.at(-1) ?? "")) {
      const holder = place.at(-2);
      if (["layers", "augmentation", "head"].includes(holder))
        list.push(said("layer"), said("repeat"), said("if"), said("layers"));
      if (holder === "nodes")
        list.push(
          ...["name", "layer", "layers", "nodes", "inputs", "outputs", "repeat", "if"].map((name) => said(name)),
        );
      if (holder === "steps") list.push(...["step", "estimator", "if"].map((name) => said(name)));
      if (holder === "callbacks") list.push(said("callback"));
      if (holder === "metrics") list.push(said("metric"));
    }
    if (place[0] === "compile" && place.at(-1) === "optimizer") list.push(said("optimizer"));
    if (place[0] === "compile" && place.at(-1) === "loss") list.push(said("loss"), said("outputs"));
    if (!known && !list.length) list.push(...HOLES.map((name) => said(name)));
  }
  if (
    place[0] === "model" &&
    place.length > 1 &&
    place.at(-1) !== "layers" &&
    typeof beside.layer === "string" &&
    place.includes("nodes")
  )
    list.push(...["name", "inputs", "repeat", "if"].map((name) => said(name)));
  return list.filter(({ label }) => !present.has(label));
}

function values(path, beside, above, catalogue, sheet, datasets, desk) {
  const name = path.at(-1),
    owner = path.at(-2);
  const texts = (list, info = () => undefined) => list.map((label) => ({ label, info: info(label) }));
  const entries = (own) =>
    catalogue
      .groups(own)
      .flatMap(([group, members]) => members.map((one) => ({ label: one.name, detail: group, info: one.help })));
  const names = declared(sheet.value).map((one) => ({ label: String(one.name), detail: String(one.type ?? "") }));
  const logged = () => loggedNames(desk).map(({ name: label, direction }) => ({ label, detail: direction }));
  if (name === "hp") return names;
  if (name === "data") return Object.entries(FACTS).map(([label, info]) => ({ label, info }));
  if (name === "type" && path[0] === "model")
    return texts(["sequential", "graph", "application", "sklearn", "builder"]);
  if (name === "type" && path[0] === "tuner") return entries("tuner");
  if (name === "type" && path[0] === "hyperparameters") return texts(Object.keys(RANGE));
  if (name === "sampling") return texts(SAMPLING);
  if (path.join("/") === "dataset/name")
    return datasets.map((one) => ({ label: one.name, detail: one.task, info: one.description ?? one.source }));
  if (path.join("/") === "objective/name" || name === "monitor") return logged();
  if (path.join("/") === "objective/direction") return texts(["min", "max"]);
  if (path[0] === "compile" && owner === "metrics")
    return catalogue
      .groups("metric")
      .flatMap(([group, members]) =>
        members.map((one) => ({ label: one.aliases[0] ?? one.name, detail: group, info: one.help })),
      );
  if (path.join("/") === "compile/loss")
    return catalogue
      .groups("loss")
      .flatMap(([group, members]) =>
        members.map((one) => ({ label: one.aliases[0] ?? one.name, detail: group, info: one.help })),
      );
  if (OWN.includes(name)) return entries(name);
  if (name === "in" || owner === "in") {
    const parent = declared(sheet.value).find((one) => one.name === beside.hp);
    return (Array.isArray(parent?.values) ? parent.values : []).map((one) =>
      typeof one === "string" ? { label: one } : { label: JSON.stringify(one), raw: true },
    );
  }
  const own = OWN.find((word) => typeof beside[word] === "string");
  const argument =
    (own && catalogue.argumentsOf(own, beside[own])[name]) ||
    (path[0] === "tuner" && catalogue.argumentsOf("tuner", beside.type)[name]) ||
    FIELDS[owner]?.[name] ||
    null;
  if (!argument) return [];
  const list = texts(argument.choices ?? []);
  if (argument.kinds.includes("bool")) list.push({ label: "true", raw: true }, { label: "false", raw: true });
  if (argument.kinds.includes("null")) list.push({ label: "null", raw: true });
  return list;
}
