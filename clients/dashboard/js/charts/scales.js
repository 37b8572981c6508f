// Colours for scores. Viridis (van der Walt, Smith, 2015) is even in lightness and told apart by every kind of colour vision.
import { isDark } from "../theme.js";

const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

/**
 * Colours from the worst to the best score: the best always stands out from the page, dark on light and bright on dark. The
 * end that would vanish in the page is left out.
 */
export function worstToBest() {
  return isDark() ? VIRIDIS.slice(1) : VIRIDIS.slice(0, 8).reverse();
}

/** From the least to the largest value, where `direction` says which end is the better one. */
export function leastToLargest(direction) {
  const colours = worstToBest();
  return direction === "max" ? colours : [...colours].reverse();
}

/** The key of the colours: a bar with the two ends. Dimension and series are given by `more`. */
export function colourKey(ink, { low, high, direction, name, ...more }) {
  const narrow = matchMedia("(max-width: 700px)").matches;
  return {
    type: "continuous",
    min: low,
    max: high === low ? low + 1e-9 : high,
    calculable: false,
    orient: "horizontal",
    left: "center",
    bottom: 0,
    itemWidth: 10,
    itemHeight: narrow ? 80 : 160,
    text: [
      `${short(high)}${direction === "max" ? " best" : ""}`,
      `${narrow ? "" : `${name}  `}${short(low)}${direction === "min" ? " best" : ""}`,
    ],
    textStyle: { color: ink.soft, fontSize: 12 },
    inRange: { color: leastToLargest(direction) },
    ...more,
  };
}

function short(value) {
  return String(Number(value.toPrecision(3)));
}
