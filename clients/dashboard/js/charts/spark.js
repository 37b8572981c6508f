// A line the size of a word.
import { svg } from "../dom.js";

const WIDTH = 110,
  HEIGHT = 26,
  EDGE = 3;

/**
 * A spark line of `values` with a dot at its end; `label` says it in words. Fewer than two values draw a dash.
 *
 * @param at    where each value lies on the line, in any unit; evenly when left out
 * @param steps whether a value holds until the next one (best so far), rather than leading to it
 * @param low   the value at the bottom; the least of them when left out
 * @param high  the value at the top; the largest of them when left out
 */
export function spark(values, label, { at = null, steps = false, low = null, high = null } = {}) {
  const finite = values
    .map((value, i) => [at ? at[i] : i, value])
    .filter(([place, value]) => Number.isFinite(value) && Number.isFinite(place));
  const picture = svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  if (finite.length < 2) {
    picture.append(svg("path", { d: `M${EDGE} ${HEIGHT / 2}H${WIDTH - EDGE}`, opacity: 0.25 }));
    return picture;
  }
  const bottom = low ?? Math.min(...finite.map(([, value]) => value)),
    top = high ?? Math.max(...finite.map(([, value]) => value));
  const begin = finite[0][0],
    length = finite.at(-1)[0] - begin || 1;
  const x = (place) => (EDGE + ((place - begin) / length) * (WIDTH - 2 * EDGE)).toFixed(1);
  const y = (value) =>
    (top === bottom ? HEIGHT / 2 : HEIGHT - EDGE - ((value - bottom) / (top - bottom)) * (HEIGHT - 2 * EDGE)).toFixed(
      1,
    );
  const d = finite
    .map(([place, value], i) =>
      i === 0 ? `M${x(place)} ${y(value)}` : steps ? `H${x(place)}V${y(value)}` : `L${x(place)} ${y(value)}`,
    )
    .join("");
  const [place, value] = finite.at(-1);
  picture.append(svg("path", { d }), svg("circle", { cx: x(place), cy: y(value), r: 2.4 }));
  return picture;
}
