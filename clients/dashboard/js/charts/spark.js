// A line the size of a word.
import { svg } from "../dom.js";

const WIDTH = 110, HEIGHT = 26, EDGE = 3;

/** A spark line of `values` with a dot at its end; `label` says it in words. Fewer than two values draw a dash. */
export function spark(values, label) {
  const finite = values.filter(Number.isFinite);
  const picture = svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  if (finite.length < 2) {
    picture.append(svg("path", { d: `M${EDGE} ${HEIGHT / 2}H${WIDTH - EDGE}`, opacity: 0.25 }));
    return picture;
  }
  const low = Math.min(...finite), high = Math.max(...finite);
  const x = (i) => EDGE + (i / (finite.length - 1)) * (WIDTH - 2 * EDGE);
  const y = (value) => (high === low ? HEIGHT / 2 : HEIGHT - EDGE - ((value - low) / (high - low)) * (HEIGHT - 2 * EDGE));
  const d = finite.map((value, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  picture.append(svg("path", { d }), svg("circle", { cx: x(finite.length - 1), cy: y(finite.at(-1)), r: 2.4 }));
  return picture;
}
