// Numbers and times for people.

/** A metric with four significant digits, a list of them as `[18, 18]`; a dash when there is none. */
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** Seconds as `1 h 02 min`, `3 min 20 s` or `12 s`. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

/** A time of day, with the date when it is not today. */
export function time(text) {
  if (!text) return "–";
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  return today ? at.toLocaleTimeString() : at.toLocaleString();
}

/** `units_0 128, dropout 0.2` */
export function values(hyperparameters) {
  return Object.entries(hyperparameters)
    .map(([name, value]) => `${name} ${number(value)}`)
    .join(", ");
}

/** Bytes as `512 B`, `3.2 MiB` or `80 GiB`. */
export function bytes(value) {
  if (value === null || value === undefined) return "–";
  let size = value,
    unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toPrecision(3))} ${UNITS[unit]}`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A share from 0 to 1 as `87 %`. */
export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(100 * share)} %`;
}

/** How long ago that was, as `4 s ago`. */
export function ago(text) {
  return text ? `${duration(Math.max(0, Math.round((Date.now() - new Date(text)) / 1000)))} ago` : "–";
}

/** What a metric's values are better at: "higher is better". */
export function better(direction) {
  return direction === "max" ? "higher is better" : "lower is better";
}
