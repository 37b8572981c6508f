// The names a model will log.
import { isObject } from "../json.js";
import { chosenData } from "./data.js";

/** The names the model will log, each with the direction that is better. */
export function loggedNames(desk) {
  const { compile, model, fit: part } = desk.sheet.value ?? {};
  const estimators = model?.type === "sklearn";
  if (model?.type === "builder")
    return Object.entries(model.found?.metrics ?? {}).flatMap(([name, direction]) => [
      { name: `val_${name}`, direction },
      { name, direction },
    ]);
  const list = (Array.isArray(compile?.metrics) ? compile.metrics : [])
    .map((one) => desk.catalogue.logged(one, estimators))
    .filter(Boolean);
  if (isObject(compile?.loss) && isObject(compile.loss.outputs)) {
    for (const output of Object.keys(compile.loss.outputs)) {
      list.push({ name: `${output}_loss`, direction: "min" });
      for (const metric of compile?.metrics?.outputs?.[output] ?? []) {
        const said = desk.catalogue.logged(metric, false);
        if (said) list.push({ ...said, name: `${output}_${said.name}` });
      }
    }
  }
  if (estimators && !list.length) list.push({ name: "score", direction: "max" });
  if (!estimators) list.push({ name: "loss", direction: "min" });
  const measured =
    part?.validation_split !== undefined ||
    part?.cross_validation !== undefined ||
    (chosenData(desk)?.validation_rows ?? 0) > 0;
  return [...list.map((one) => ({ ...one, name: `val_${one.name}` })), ...(measured && list.length ? list : list)];
}
