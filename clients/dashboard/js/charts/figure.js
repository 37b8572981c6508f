// A card with a picture: title, controls, a canvas, the same as a table, and what one should know about it.
import { el, fill } from "../dom.js";
import { number } from "../format.js";
import { colours, onTheme } from "../theme.js";
import { init } from "../../vendor/echarts.js";

const INKS = [
  "ink",
  "soft",
  "line",
  "edge",
  "card",
  "sunk",
  "accent",
  "low",
  "high",
  "ok",
  "bad",
  "c1",
  "c2",
  "c3",
  "c4",
  "c5",
  "c6",
  "c7",
  "c8",
];

/**
 * A figure. Its data is given by `update(data)`, as often as it changes; it redraws itself when the colours or its size
 * do. `end()` frees it. `node` is what one puts on the page.
 *
 * @param title    what it shows; also the heading
 * @param describe (data) => one sentence for those who do not see it, the picture's label
 * @param option   (data, ink) => an ECharts option. `ink` has the colours by token name: ink, soft, line, c1 ...
 *                 Tooltips are elements from `tip()`, never markup: the content policy forbids inline styles.
 * @param table    (data) => {columns: [text], rows: [[text, number or node]]}: the same as numbers
 * @param controls nodes beside the title
 * @param under    (data) => nodes below the picture, or null
 * @param size     "small", "tall" or nothing
 * @param picture  (data) => the address of the same picture from the API (`/plots/...`), or null
 * @param empty    what stands there while `option` answers null: text or a node, or (data) => that
 * @param clicked  (what ECharts tells of a click) => void
 */
export function figure({
  title,
  describe,
  option,
  table = null,
  controls = [],
  under = null,
  size = "",
  picture = null,
  empty = "Nothing to show yet.",
  clicked = null,
}) {
  const place = el("div", { class: "picture" });
  const numbers = el("div", {
    class: "table",
    hidden: true,
    tabindex: "0",
    role: "region",
    "aria-label": `${title}, as a table`,
  });
  const below = el("div", { class: "under" });
  const save = el(
    "a",
    { class: "button quiet", target: "_blank", hidden: true, title: "Open as a picture file" },
    "SVG",
  );
  const swap = el(
    "button",
    {
      class: "quiet",
      type: "button",
      "aria-pressed": "false",
      disabled: true,
      onclick: () => {
        asTable = !asTable;
        draw();
      },
    },
    "Table",
  );
  const heading = el("h2", {}, title);
  const node = el(
    "section",
    { class: `card figure ${size}`, "aria-label": title },
    el("div", { class: "head" }, heading, el("div", { class: "controls" }, controls, table ? swap : null, save)),
    place,
    numbers,
    below,
  );
  let chart = null,
    data,
    asTable = false,
    ended = false;

  const watcher = new ResizeObserver(() => chart?.resize());
  watcher.observe(place);
  const forget = onTheme(() => {
    if (data !== undefined) draw();
  });

  function draw() {
    if (ended) return;
    const ink = colours(...INKS);
    const made = option(data, ink);
    place.classList.toggle("empty", made === null);
    if (made === null) {
      chart?.dispose();
      chart = null;
      place.removeAttribute("role");
      place.removeAttribute("aria-label");
      fill(place, typeof empty === "function" ? empty(data) : empty);
    } else if (!asTable) {
      if (!chart) {
        fill(place);
        chart = init(place, null, { renderer: "canvas" });
        chart.on("click", (event) => clicked?.(event));
      }
      chart.setOption({ ...common(ink), ...made }, { notMerge: true });
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", describe(data));
    }
    place.removeAttribute("aria-busy");
    swap.disabled = made === null;
    swap.setAttribute("aria-pressed", String(asTable));
    place.hidden = asTable && made !== null;
    numbers.hidden = !asTable || made === null;
    if (!numbers.hidden) fill(numbers, asRows(table(data)));
    const address = picture?.(data) ?? null;
    save.hidden = address === null;
    if (address !== null) save.href = address;
    fill(below, under ? under(data) : null);
  }

  return {
    node,
    /** The ECharts instance, once something was drawn: for brushing and highlighting. */
    chart: () => chart,
    /** Says something else in the heading. */
    retitle(text) {
      fill(heading, text);
    },
    update(next) {
      data = next;
      draw();
    },
    /** Until the next `update`: that it is being worked out (with `text` while nothing was drawn yet). */
    busy(text = "Working it out …") {
      place.setAttribute("aria-busy", "true");
      if (!chart && !ended) {
        place.classList.add("empty");
        fill(place, text);
      }
    },
    /** Says why there is nothing to see; the next `update` draws again. */
    fail(message) {
      if (ended) return;
      chart?.dispose();
      chart = null;
      place.classList.add("empty");
      place.removeAttribute("aria-busy");
      place.hidden = false;
      numbers.hidden = swap.disabled = save.hidden = true;
      fill(place, el("p", { role: "alert" }, message));
    },
    end() {
      ended = true;
      watcher.disconnect();
      forget();
      chart?.dispose();
    },
  };
}

function common(ink) {
  return {
    animation: false,
    backgroundColor: "transparent",
    textStyle: { fontFamily: "system-ui, sans-serif", color: ink.soft },
    color: ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"].map((name) => ink[name]),
    aria: { enabled: false },
  };
}

function asRows({ columns, rows }) {
  const head = el(
    "thead",
    {},
    el(
      "tr",
      {},
      columns.map((name) => el("th", { scope: "col" }, name)),
    ),
  );
  const body = rows.slice(0, 500).map((row) =>
    el(
      "tr",
      {},
      row.map((cell) =>
        el("td", { class: typeof cell === "number" ? "num" : null }, cell instanceof Node ? cell : number(cell)),
      ),
    ),
  );
  return [
    el("table", {}, head, el("tbody", {}, body)),
    rows.length > 500
      ? el("p", { class: "note" }, `The first 500 of ${number(rows.length)}; the export has all.`)
      : null,
  ];
}
