// What the tabs of the analysis share: which metrics and hyperparameters there are, when to ask again, and how to say it.
import { address } from "../../address.js";
import { el } from "../../dom.js";
import { number } from "../../format.js";
import { endedTrials } from "../../states.js";
import { isDark } from "../../theme.js";

/** The path of a search in the API. */
export function base(search) {
  return `/v1/searches/${encodeURIComponent(search.id)}`;
}

/** Trials with a score. */
export function scored(trials) {
  return trials.all().filter((trial) => trial.score !== null);
}

/** All metrics that trials have logged, the objective first. */
export function metricNames(search, trials) {
  const names = new Set([search.objective.name]);
  for (const trial of trials.all()) for (const name of Object.keys(trial.metrics)) names.add(name);
  return [...names];
}

/** Loss and accuracy (or what the objective is) of training and validation part, as far as they are logged: at most four. */
export function fourMetrics(names, objective) {
  const own = objective.name.replace(/^val_/, "");
  const second = own !== "loss" ? own : names.map((name) => name.replace(/^val_/, "")).find((name) => name !== "loss");
  const found = ["loss", "val_loss", second, second && `val_${second}`].filter((name) => names.includes(name));
  return [...new Set(found)];
}

/**
 * The hyperparameters of a search by their expanded names, as its trials have them: `{name, type, sampling, values, low,
 * high, conditional}`. The definition says which scale they are drawn on; `units_{i}` there is units_0, units_1 ... here.
 */
export function hyperparametersOf(search, trials) {
  const names = new Set();
  let most = 0;
  for (const trial of trials.all()) {
    const own = Object.keys(trial.hyperparameters);
    most = Math.max(most, own.length);
    for (const name of own) names.add(name);
  }
  const defined = search.definition?.hyperparameters ?? [];
  const order = (name) => defined.findIndex((each) => fits(each.name, name));
  return [...names]
    .sort((a, b) => order(a) - order(b) || a.localeCompare(b, "en", { numeric: true }))
    .map((name) => {
      const one = defined[order(name)] ?? {};
      const seen = trials.all().filter((trial) => name in trial.hyperparameters);
      const values = one.values ?? [];
      // A choice of numbers that lie far apart, as 1, 18, 64, 1024, is read on a logarithmic axis.
      const wide =
        values.length > 2 &&
        values.every((value) => typeof value === "number" && value > 0) &&
        Math.max(...values) >= 50 * Math.min(...values);
      return {
        name,
        type: one.type ?? typeof seen[0].hyperparameters[name],
        sampling: one.sampling ?? (wide ? "log" : "linear"),
        values,
        low: one.min_value ?? null,
        high: one.max_value ?? null,
        conditional: seen.length < trials.all().length,
        ordered: one.ordered ?? false,
      };
    })
    .filter((each) => each.type !== "fixed");
}

function fits(pattern, name) {
  if (!pattern.includes("{i}")) return pattern === name;
  const [before, after] = pattern.split("{i}");
  return (
    name.startsWith(before) &&
    name.endsWith(after) &&
    /^\d+$/.test(name.slice(before.length, name.length - after.length))
  );
}

/** Whether values of a hyperparameter are numbers on an axis, and not names, truth values or lists. */
export function isNumeric(hyperparameter) {
  const { type, values } = hyperparameter;
  return (
    ["int", "float", "number"].includes(type) ||
    (type === "choice" && values.length > 0 && values.every((value) => typeof value === "number"))
  );
}

/**
 * Asks the API and shows the answer: at once by `now()`, and after trials have ended (or what `key` tells of the search has
 * changed), but not more often than every `pause` milliseconds. An answer that a later question has overtaken is dropped.
 */
export function question({ search, ask, show, fail, pause = 4000, key = endedTrials }) {
  let turn = 0,
    asked = 0,
    timer = null,
    known = key(search),
    over = false;
  async function now() {
    clearTimeout(timer);
    timer = null;
    asked = Date.now();
    const mine = ++turn;
    try {
      const answer = await ask();
      if (mine === turn && !over) show(answer);
    } catch (error) {
      if (mine === turn && !over) fail(error);
    }
  }
  return {
    now,
    /** Told of the search as of now. */
    refresh(next) {
      const told = key(next);
      if (told === known || over) return;
      known = told;
      timer ??= setTimeout(now, Math.max(0, asked + pause - Date.now()));
    },
    end() {
      over = true;
      clearTimeout(timer);
    },
  };
}

/** The address of a picture from the API, in the colours the page has now. */
export function picture(search, kind, query = {}) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...query, theme: isDark() ? "dark" : null })) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined && one !== "") words.append(name, one);
  }
  return `${base(search)}/plots/${kind}${words.size ? `?${words}` : ""}`;
}

/** A link to a tab of the search, with choices. */
export function tabAddress(search, tab, query = {}) {
  return address(["searches", search.id, tab], query);
}

/** What stands in a figure that has too few trials: how many there are and how many it takes. */
export function tooFew(have, need, what) {
  const left = need - have;
  return `${have === 0 ? "No trial is" : have === 1 ? "One trial is" : `${number(have)} trials are`} scored so far. ${what} ${need === 1 ? "needs one" : `needs ${need}`}: ${left} more to go.`;
}

/** `seconds` as "training seconds", the rest as they are. */
export function costName(name) {
  return { seconds: "training seconds", parameters: "parameters of the model" }[name] ?? name;
}

/** A short list of names: "a, b and c". */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** Hands a table to the browser as a CSV file. */
export function saveCsv(filename, columns, rows) {
  const cell = (value) => {
    const text =
      value === null || value === undefined ? "" : Array.isArray(value) ? JSON.stringify(value) : String(value);
    // A leading = + - @ of a text would be a formula in a spreadsheet.
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const text = [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n");
  const link = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  el("a", { href: link, download: filename }).click();
  setTimeout(() => URL.revokeObjectURL(link), 60_000);
}
