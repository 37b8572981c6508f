// The names a model will log.
import { isObject } from "../json.js";

/** The names the model will log, each with the direction that is better; those of the validation part first. */
export function loggedNames(desk) {
  const { compile, model } = desk.sheet.value ?? {};
  const names = trained(desk, model, compile ?? {});
  return [...names.map((one) => ({ ...one, name: `val_${one.name}` })), ...names];
}

function trained(desk, model, compile) {
  if (model?.type === "builder")
    return Object.entries(model.found?.metrics ?? {}).map(([name, direction]) => ({ name, direction }));
  const estimators = model?.type === "sklearn";
  const named = (metrics) =>
    (Array.isArray(metrics) ? metrics : []).map((one) => desk.catalogue.logged(one, estimators)).filter(Boolean);
  const own = named(compile.metrics);
  if (estimators) return own.length ? own : [{ name: "score", direction: "max" }];
  const outputs = isObject(compile.loss) && isObject(compile.loss.outputs) ? Object.keys(compile.loss.outputs) : [];
  const ofOutputs = outputs.flatMap((output) => [
    { name: `${output}_loss`, direction: "min" },
    ...named(compile.metrics?.outputs?.[output]).map((one) => ({ ...one, name: `${output}_${one.name}` })),
  ]);
  return [...own, ...ofOutputs, { name: "loss", direction: "min" }];
}
