// Which parts of the axes are chosen: by name, [[from, to], ...] in places of 0 to 1, kept in the address.

// Places are kept in the address with five digits.
const NEAR = 1e-5;

/** The rows that go through all chosen parts of `axes`. */
export function chosenRows(rows, axes, brushed) {
  const parts = axes.filter((axis) => brushed.has(axis.name)).map((axis) => [axis, brushed.get(axis.name)]);
  return rows.filter((row) =>
    parts.every(([axis, intervals]) => {
      const at = axis.at(row);
      return at !== null && intervals.some(([from, to]) => at >= from - NEAR && at <= to + NEAR);
    }),
  );
}

/** `units:0.25-0.5_0.8-0.9;rate:0-0.1`, with names escaped. */
export function written(brushed) {
  const round = (place) => Number(place.toFixed(5));
  return (
    [...brushed]
      .map(
        ([name, intervals]) =>
          `${encodeURIComponent(name)}:${intervals.map(([from, to]) => `${round(from)}-${round(to)}`).join("_")}`,
      )
      .join(";") || null
  );
}

/** What `written` wrote; what cannot be read is left out. */
export function parsed(text) {
  const found = new Map();
  for (const part of text ? text.split(";") : []) {
    const [name, intervals = ""] = part.split(":");
    const pairs = intervals
      .split("_")
      .map((pair) => pair.split("-").map(Number))
      .filter((pair) => pair.length === 2 && pair.every(Number.isFinite));
    if (pairs.length) found.set(decodeURIComponent(name), pairs);
  }
  return found;
}
