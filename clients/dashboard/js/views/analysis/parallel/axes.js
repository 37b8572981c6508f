// The axes of the picture: hyperparameters and the score, with places of 0 to 1 for their values.
import { number } from "../../../format.js";

/** The name of the axis of the score; no hyperparameter is called so. */
export const SCORE = " score";
const QUARTERS = [0, 0.25, 0.5, 0.75, 1].map((place) => ({ place }));

/**
 * The axes in the wanted order, the score's last unless it was moved: `{name, label, numeric, at(row), ticks, written(place)}`, where
 * `at` is the place of a trial; with numbers also `{low, high, value(place), place(value)}`.
 */
export function axesOf(found, order) {
  const axes = [
    ...found.axes.map((axis, column) => {
      const common = { name: axis.name, label: axis.name, at: (row) => row.places[column] };
      const named = axis.low === null || axis.low === undefined;
      return { ...common, ...(named ? axisOfNames(axis) : axisOfNumbers(axis)) };
    }),
    axisOfScores(found),
  ];
  const rank = (axis) => {
    const at = order.indexOf(axis.name);
    return at < 0 ? (axis.name === SCORE ? 1e6 : 1e3) : at;
  };
  return axes
    .map((axis, index) => [axis, index])
    .sort((a, b) => rank(a[0]) - rank(b[0]) || a[1] - b[1])
    .map(([axis]) => axis);
}

function axisOfNames({ values }) {
  const count = values.length;
  return {
    numeric: false,
    ticks: values.map((_, place) => ({ place: (place + 0.5) / count })),
    written: (place) => short(number(values[Math.min(count - 1, Math.floor(place * count))]), 14),
  };
}

function axisOfNumbers({ type, low, high, sampling }) {
  const value = scaleOf(low, high, sampling),
    whole = type === "int";
  // Of few whole numbers each has its tick.
  const few = whole && high - low <= 8 && sampling !== "log" && sampling !== "reverse_log";
  return {
    numeric: true,
    low,
    high,
    value,
    written: (place) => number(whole ? Math.round(value(place)) : Number(value(place).toPrecision(3))),
    ticks: few ? Array.from({ length: high - low + 1 }, (_, at) => ({ place: at / (high - low || 1) })) : QUARTERS,
    place: (wanted) => bisect(value, Math.min(high, Math.max(low, wanted))),
  };
}

function axisOfScores({ rows, metric }) {
  const scores = rows.map((row) => row.score);
  const low = scores.reduce((a, b) => Math.min(a, b), Infinity),
    high = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const span = high - low || 1;
  return {
    name: SCORE,
    label: metric.name,
    numeric: true,
    low,
    high,
    at: (row) => (row.score - low) / span,
    value: (place) => low + place * span,
    place: (value) => (value - low) / span,
    written: (place) => number(Number((low + place * span).toPrecision(3))),
    ticks: QUARTERS,
  };
}

/** The value at a place of 0 to 1, on the sampling scale. */
function scaleOf(low, high, sampling) {
  if (sampling === "log") return (place) => low * (high / low) ** place;
  if (sampling === "reverse_log") return (place) => high + low - low * (high / low) ** (1 - place);
  return (place) => low + place * (high - low);
}

function bisect(value, wanted) {
  let from = 0,
    to = 1;
  for (let step = 0; step < 60; step += 1) {
    const middle = (from + to) / 2;
    if (value(middle) < wanted) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}

/** A text that ends with an ellipsis where it is longer than `most`. */
export function short(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
