// Learning curves of single trials, read once and then continued by the epochs that events tell of.
import { all } from "../api.js";

const MOST = 2000;

/**
 * Curves by trial. `want(trialId)` reads them once; `heard(event)` appends an epoch to a curve that is wanted, so that nothing is
 * read anew while a trial runs. Epochs that arrive by both ways are there once.
 */
export function curveStore() {
  const trials = new Map();

  function runOf(found, execution, fold) {
    const key = `${execution}/${fold ?? ""}`;
    if (!found.has(key)) found.set(key, { execution, fold, epochs: new Map() });
    return found.get(key);
  }

  async function want(id) {
    if (trials.has(id)) return;
    const found = new Map();
    trials.set(id, found);
    try {
      const rows = await all(`/v1/trials/${encodeURIComponent(id)}/epochs`, { limit: 500 }, 10_000);
      for (const row of rows) runOf(found, row.execution, row.fold).epochs.set(row.epoch, row.metrics);
    } catch (error) {
      trials.delete(id);
      throw error;
    }
  }

  function heard({ kind, trial_id: id, payload }) {
    if (kind !== "trial.epoch" || !trials.has(id)) return false;
    runOf(trials.get(id), payload.execution, payload.fold).epochs.set(payload.epoch, payload.metrics);
    return true;
  }

  /** The trainings of a trial: `[{execution, fold, rows: [[epoch, metrics]]}]`, rows by epoch, at most 2,000 of each. */
  function of(id) {
    return [...(trials.get(id)?.values() ?? [])].map(({ execution, fold, epochs }) => {
      const rows = [...epochs].sort((a, b) => a[0] - b[0]);
      const every = Math.ceil(rows.length / MOST);
      return {
        execution,
        fold,
        rows: every > 1 ? rows.filter((_, i) => i % every === 0 || i === rows.length - 1) : rows,
      };
    });
  }

  return { want, heard, of, forget: (id) => trials.delete(id) };
}

/** The mean curve of one metric over the executions (or folds) of a trial: `[[epoch, value], ...]`, from items of `epochs`. */
export function meanCurve(items, metric) {
  const byEpoch = new Map();
  for (const item of items) {
    const value = item.metrics[metric];
    if (value === null || value === undefined) continue;
    if (!byEpoch.has(item.epoch)) byEpoch.set(item.epoch, []);
    byEpoch.get(item.epoch).push(value);
  }
  return [...byEpoch]
    .sort((a, b) => a[0] - b[0])
    .map(([epoch, found]) => [epoch, found.reduce((sum, value) => sum + value, 0) / found.length]);
}
