// Small SVG charts: points, lines, bands; linear or logarithmic axes.
import { svg } from "./dom.js";
import { number } from "./format.js";

const WIDTH = 560, HEIGHT = 260, LEFT = 58, RIGHT = 12, TOP = 10, BOTTOM = 38;
export const COLOURS = ["var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)", "var(--c6)"];

/**
 * A chart of `series`: each `{points: [{x, y, title?, href?}], kind: "line" | "step" | "dots", colour, faint?}`, and
 * `bands`: each `{points: [{x, low, high}], colour}`. Points without a finite x and y are left out. `xWhole` keeps ticks to
 * whole numbers.
 */
export function chart({ series = [], bands = [], xLabel = "", yLabel = "", xLog = false, xWhole = false, title = "" }) {
  const finite = (point) => Number.isFinite(point.x) && Number.isFinite(point.y);
  const drawn = series.map((one) => ({ ...one, points: one.points.filter(finite) }));
  const xs = [...drawn.flatMap((one) => one.points.map((p) => p.x)), ...bands.flatMap((b) => b.points.map((p) => p.x))];
  const ys = [...drawn.flatMap((one) => one.points.map((p) => p.y)), ...bands.flatMap((b) => b.points.flatMap((p) => [p.low, p.high]))];
  if (!xs.length) {
    return svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} 80`, role: "img", "aria-label": title },
      svg("text", { x: WIDTH / 2, y: 44, "text-anchor": "middle" }, "Nothing to draw yet"));
  }
  const log = xLog && Math.min(...xs) > 0;
  const x = scale(xs, LEFT, WIDTH - RIGHT, log);
  if (xWhole) x.ticks = x.ticks.filter(Number.isInteger);
  const y = scale(ys, HEIGHT - BOTTOM, TOP, false);
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  for (const tick of y.ticks) {
    picture.append(svg("line", { class: "tick", x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }),
      svg("text", { x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, number(tick)));
  }
  for (const tick of x.ticks) {
    picture.append(svg("text", { x: x(tick), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, number(tick)));
  }
  picture.append(svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
    svg("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 5, "text-anchor": "middle" }, xLabel),
    svg("text", { transform: `translate(13 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, yLabel));
  for (const band of bands) {
    const there = band.points.map((p) => `${x(p.x)},${y(p.high)}`);
    const back = [...band.points].reverse().map((p) => `${x(p.x)},${y(p.low)}`);
    picture.append(svg("polygon", { class: "band", points: [...there, ...back].join(" "), fill: band.colour }));
  }
  for (const one of drawn) {
    if (one.kind !== "dots" && one.points.length > 1) {
      picture.append(svg("path", {
        d: path(one.points, x, y, one.kind === "step"), fill: "none", stroke: one.colour,
        "stroke-width": one.faint ? 1 : 2, opacity: one.faint ? 0.45 : 1,
      }));
    }
    if (one.kind === "dots" || one.points.length === 1) {
      for (const point of one.points) {
        picture.append(svg("circle", { cx: x(point.x), cy: y(point.y), r: 3.6, fill: one.colour, opacity: 0.85 },
          svg("title", {}, point.title ?? `${number(point.x)}: ${number(point.y)}`)));
      }
    }
  }
  return picture;
}

function path(points, x, y, step) {
  let d = `M${x(points[0].x)} ${y(points[0].y)}`;
  for (const point of points.slice(1)) d += step ? `H${x(point.x)}V${y(point.y)}` : `L${x(point.x)} ${y(point.y)}`;
  return d;
}

function scale(values, from, to, log) {
  const read = log ? Math.log10 : (value) => value;
  let low = Math.min(...values.map(read)), high = Math.max(...values.map(read));
  if (low === high) { low -= log ? 0.5 : Math.abs(low) * 0.05 || 0.5; high += log ? 0.5 : Math.abs(high) * 0.05 || 0.5; }
  const pad = log ? 0 : (high - low) * 0.03;
  low -= pad; high += pad;
  const place = (value) => Math.round((from + ((read(value) - low) / (high - low)) * (to - from)) * 10) / 10;
  place.ticks = log ? logTicks(low, high) : linearTicks(low, high);
  return place;
}

function linearTicks(low, high) {
  const rough = (high - low) / 5, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const ticks = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) ticks.push(Number(at.toPrecision(12)));
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += 1) {
    for (const m of high - low < 2 ? [1, 2, 5] : [1]) {
      const at = m * 10 ** power;
      if (Math.log10(at) >= low - 1e-9 && Math.log10(at) <= high + 1e-9) ticks.push(Number(at.toPrecision(6)));
    }
  }
  return ticks;
}
