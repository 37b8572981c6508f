// The document with a model of another type: what only the old one needed goes, and what the new one needs comes.
import { ofOutputs, once, SUITED } from "../adapt.js";
import { numeric } from "../expanded.js";
import { DEFAULT_TRIALS } from "../frame.js";
import { declared, dropUnused } from "../holes.js";
import { find, isObject, parse, valueOf } from "../json.js";
import { loggedNames } from "../parts/logged.js";
import { outputsOf } from "../parts/outputs.js";
import { insert, put, rawOf, without } from "../text.js";
import { smallModel } from "./begin.js";

const FOR_EPOCHS = ["epochs", "batch_size", "shuffle", "class_weight", "callbacks"];
const read = (text) => valueOf(parse(text));

/** @param known  `{catalogue, data}`: what may be named, and what is known of the data set */
export function retyped(text, type, known) {
  const bare = dropUnused(text, unruled(put(text, ["model"], { type })));
  const { model, hyperparameters } = smallModel(type, read(bare), known);
  let next = put(bare, ["model"], model);
  for (const one of hyperparameters) next = insert(next, ["hyperparameters"], declared(read(next)).length, one);
  next = dropUnused(bare, compiled(next, type, known));
  next = fitted(next, type, known);
  next = hunted(next, type, known);
  next = ruled(dropUnused(text, next), text, type);
  return type === "builder" && !declared(read(next)).length ? without(next, ["hyperparameters"]) : next;
}

/** Without rules and sweeps, which would keep hyperparameters of the old model; those that still hold come back. */
function unruled(text) {
  return without(without(text, ["constraints"]), ["tuner", "hyperparameters"]);
}

/** What is compiled: a builder brings its own, an estimator has metrics only. */
function compiled(text, type, { data }) {
  const suits = SUITED[data?.task] ?? SUITED.classification;
  const { compile } = read(text);
  if (type === "builder") return without(text, ["compile"]);
  if (type === "sklearn") {
    const metric = data?.task === "regression" ? "r2" : "accuracy";
    return put(text, ["compile"], { metrics: [metric] });
  }
  const names = outputsOf(read(text));
  if (!isObject(compile) || compile.optimizer === undefined || compile.loss === undefined)
    text = put(text, ["compile"], { optimizer: "adam", loss: suits.loss, metrics: [suits.metric] });
  if (names.length) return ofOutputs(text, names, data?.targets ?? []);
  const given = isObject(compile?.loss) && isObject(compile.loss.outputs) ? Object.keys(compile.loss.outputs) : [];
  return given.length ? once(text, suits.loss, given[0]) : text;
}

/** How it is fitted: estimators have no epochs; everything else needs some. */
function fitted(text, type, { data }) {
  const part = read(text).fit;
  let next = isObject(part) ? text : put(text, ["fit"], {});
  const fit = isObject(part) ? part : {};
  if (type === "sklearn") next = FOR_EPOCHS.reduce((all, name) => without(all, ["fit", name]), next);
  else if (fit.epochs === undefined) next = put(put(next, ["fit", "epochs"], 20), ["fit", "batch_size"], 32);
  const measured =
    fit.validation_split !== undefined || fit.cross_validation !== undefined || data?.validation_rows > 0;
  return measured ? next : put(next, ["fit", "validation_split"], 0.2);
}

/** What is best and how points are chosen, where the old ways no longer are. */
function hunted(text, type, { catalogue }) {
  let next = text;
  const { tuner, limits } = read(next);
  if (type === "sklearn" && tuner?.type === "hyperband") {
    next = put(next, ["tuner"], { type: "random" });
    if (!Object.keys(limits ?? {}).length) next = put(next, ["limits", "max_trials"], DEFAULT_TRIALS);
  }
  if (type === "application") next = unscaled(next);
  const names = loggedNames({ sheet: { value: read(next) }, catalogue });
  const logged = (name) => names.some((one) => one.name === name);
  const usual = names[0] ?? { name: "val_loss", direction: "min" };
  if (!logged(read(next).objective?.name))
    next = put(next, ["objective"], { name: usual.name, direction: usual.direction ?? undefined });
  return monitored(next, (name) => type === "builder" || logged(name));
}

/** Backbones take pixels as they are. */
function unscaled(text) {
  return ["0-1", "standard"].includes(read(text).dataset?.scale) ? without(text, ["dataset", "scale"]) : text;
}

/** Callbacks that watch what is no longer logged watch the loss. */
function monitored(text, logged) {
  const list = read(text).fit?.callbacks;
  return (Array.isArray(list) ? list : []).reduce(
    (all, one, i) =>
      typeof one?.monitor === "string" && !logged(one.monitor)
        ? put(all, ["fit", "callbacks", String(i), "monitor"], "val_loss")
        : all,
    text,
  );
}

/** The rules of `before` that still hold: over hyperparameters that are still there, or over what has parameters. */
function ruled(text, before, type) {
  const names = numeric(read(text)).map(({ name }) => name);
  const holds = (rule) =>
    isObject(rule) &&
    (!("parameters" in rule) || type !== "sklearn") &&
    Object.values(rule).every((one) => !Array.isArray(one) || one.every((name) => names.includes(name)));
  const node = find(parse(before), ["constraints"]);
  const kept = (node?.items ?? []).filter((one) => holds(valueOf(one))).map((one) => rawOf(before, one));
  return kept.length ? put(text, ["constraints"], kept) : text;
}
