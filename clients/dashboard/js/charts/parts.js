// What the options of most pictures are made of.
import { el } from "../dom.js";
import { number } from "../format.js";

/** Colours of the n-th series, in the order of the tokens. */
export const SERIES = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];

/** A tooltip: a heading and pairs of name and value. An element, so nothing in it is ever read as markup. */
export function tip(title, pairs) {
  return el(
    "div",
    { class: "tip" },
    el("b", {}, title),
    pairs.map(([name, value]) => [el("span", {}, name), el("span", {}, number(value))]),
  );
}

/** The tooltip part of an option; `shown` makes the element from what ECharts tells. */
export function tooltip(ink, shown, more = {}) {
  return {
    confine: true,
    transitionDuration: 0,
    backgroundColor: ink.card,
    borderColor: ink.line,
    textStyle: { color: ink.ink },
    formatter: (told) => shown(told) ?? "",
    ...more,
  };
}

/** Room around the drawing. Names of axes need the left and the bottom. */
export function room(more = {}) {
  return { left: 62, right: 18, top: 16, bottom: 44, ...more };
}

/**
 * One axis. `kind` is "value", "log", "category" or "time"; `values` are a category's. A whole axis (`whole`) has no ticks
 * between whole numbers.
 */
export function axis(ink, name, { kind = "value", side = "x", values, whole = false, ...more } = {}) {
  return {
    type: kind,
    name,
    nameLocation: "middle",
    nameGap: side === "x" ? 28 : 46,
    nameTextStyle: { color: ink.soft, fontSize: 12 },
    ...(values ? { data: values } : {}),
    scale: true,
    minInterval: whole ? 1 : undefined,
    // Along the edge: at the value 0 it would run through the first row of a category axis.
    axisLine: { show: side === "x", onZero: false, lineStyle: { color: ink.edge } },
    axisTick: { show: false },
    splitLine: { show: side === "y", lineStyle: { color: ink.line } },
    ...more,
    axisLabel: {
      color: ink.soft,
      fontSize: 12,
      hideOverlap: true,
      ...(kind === "category" ? {} : { formatter: (value) => number(value) }),
      // Ends that were reckoned from the data are no numbers to read.
      ...(typeof more.min === "function" ? { showMinLabel: false, showMaxLabel: false } : {}),
      ...more.axisLabel,
    },
  };
}

/** An axis that ends shortly beyond the data instead of at round numbers; for axes of values, not logarithmic ones. */
export function snug(share = 0.05) {
  const room = ({ min, max }) => (max > min ? share * (max - min) : Math.abs(max) * share || 1);
  return { min: (ends) => ends.min - room(ends), max: (ends) => ends.max + room(ends) };
}

/** The same for a logarithmic axis; below two decades it ends at powers of ten, or there would be nothing to read. */
export function snugLog(low, high) {
  return high >= 100 * low
    ? { kind: "log", min: (ends) => ends.min / 1.15, max: (ends) => ends.max * 1.15 }
    : { kind: "log" };
}

/** A legend along the bottom edge that scrolls when there are many; give `room({bottom: 66})`. */
export function legend(ink, names) {
  return {
    type: "scroll",
    data: names,
    bottom: 0,
    itemHeight: 8,
    itemWidth: 16,
    textStyle: { color: ink.soft, fontSize: 12, lineHeight: 20 },
    pageIconColor: ink.ink,
    pageTextStyle: { color: ink.soft },
  };
}

/** A place between -0.5 and 0.5 that is always the same for a number, and evenly spread over numbers (golden section). */
export function jitter(count) {
  return ((count * 0.6180339887498949) % 1) - 0.5;
}
