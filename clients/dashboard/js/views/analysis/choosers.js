// The choices that most tabs of the analysis begin with.
import { labelled, pick } from "../../components/controls.js";
import { metricNames } from "./common.js";

/** Which metric; `change` gets `{metric}`. */
export function metricChooser({ search, trials, state, change, label = "Metric" }) {
  return labelled(
    label,
    pick("Metric", metricNames(search, trials), state.metric, (metric) => change({ metric })),
  );
}

/** At which epoch of a trial; `change` gets `{at}`. */
export function epochChooser({ state, change, label = "at the" }) {
  const epochs = [
    ["best", "best epoch"],
    ["last", "last epoch"],
  ];
  return labelled(
    label,
    pick("Epoch", epochs, state.at, (at) => change({ at })),
  );
}

/** In a sweep: whether trials that sweep something else count; null for other tuners. `change` gets `{baseline}`. */
export function sweepChooser({ search, state, change }) {
  if (search.tuner !== "sweep") return null;
  const trials = [
    ["", "trials that sweep it"],
    ["all", "all trials"],
  ];
  return labelled(
    "of",
    pick("Trials", trials, state.baseline, (baseline) => change({ baseline })),
  );
}

/** What a scale may be, for `segments()`. */
export const SCALES = [
  ["linear", "Linear"],
  ["log", "Log"],
];
