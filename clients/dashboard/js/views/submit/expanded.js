// The hyperparameters as a search has them: `units_{i}` inside a repeat is `units_0`, `units_1`, ...
import { declared, declaredAs, hole, uses } from "./holes.js";
import { isObject } from "./json.js";

const MOST = 200;

/** `[{name, one}]`: each name of the space with its declaration. */
function expanded(definition) {
  const all = uses(definition);
  return declared(definition).flatMap((one) => {
    const name = String(one.name);
    if (!name.includes("{i}")) return [{ name, one }];
    const counts = all.filter((use) => use.name === name).map(({ path }) => passesAround(definition, path));
    const most = Math.min(MOST, Math.max(0, ...counts));
    return Array.from({ length: most }, (_, i) => ({ name: name.replace("{i}", String(i)), one }));
  });
}

/** Names whose values are all numbers, and so can be reckoned with. */
export function numeric(definition) {
  return expanded(definition).filter(({ one }) => {
    if (one.type === "choice") return (one.values ?? []).every((value) => typeof value === "number");
    return ["int", "float"].includes(one.type) || (one.type === "fixed" && typeof one.value === "number");
  });
}

/** The smallest and the largest number a hyperparameter can be. */
export function ends(one) {
  const values =
    one.type === "choice" ? one.values : one.type === "fixed" ? [one.value] : [one.min_value, one.max_value];
  const numbers = (values ?? []).filter((value) => typeof value === "number");
  return numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : [0, 0];
}

/** How often the innermost repeat around a path runs at most. */
function passesAround(definition, path) {
  let one = definition,
    count = 0;
  for (const step of path) {
    if (isObject(one) && "repeat" in one && step !== "repeat") count = passes(definition, one.repeat);
    one = one?.[step];
  }
  return count;
}

function passes(definition, repeat) {
  if (Number.isInteger(repeat)) return repeat;
  const name = hole(repeat);
  const one = name === null ? undefined : declaredAs(definition, name);
  if (one?.type === "choice")
    return Math.max(
      0,
      ...(one.values ?? []).map((value) => (Array.isArray(value) ? value.length : Number(value) || 0)),
    );
  return Number(one?.max_value ?? one?.value) || 0;
}

/** The names of the lists of numbers that repeats around a path go through, innermost first. */
export function listsAround(definition, path) {
  const found = [];
  let one = definition;
  for (const step of path) {
    const name = isObject(one) && step !== "repeat" ? hole(one.repeat) : null;
    const through = name === null ? undefined : declaredAs(definition, name);
    if (through && Array.isArray(through.values?.[0])) found.unshift(name);
    one = one?.[step];
  }
  return found;
}
