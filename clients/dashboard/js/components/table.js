// A table of any length: sorted by its headings, and only the rows in sight are in the page.
import { el, fill } from "../dom.js";

const ROW_PX = 34;
const SPARE = 12;

/**
 * @param label   for screen readers
 * @param columns [{key, label, value: (row) => comparable, cell: (row) => nodes, num?, title?}]; `value` sorts, and may be left
 *                out where a column has no order
 * @param sort    {key, down} to begin with
 * @param name    (row) => the class of its line, or ""
 * @param sorted  ({key, down}) => void, told when a heading was used
 * @param identity (row) => what a row is known by, so that focus survives redrawing
 */
export function longTable({ label, columns, sort, name = () => "", sorted = () => {}, identity = (row) => row.id }) {
  const head = el("tr");
  const body = el("tbody");
  const table = el("table", { "aria-label": label }, el("thead", {}, head), body);
  const node = el("div", { class: "table", tabindex: "0", role: "region", "aria-label": label }, table);
  let rows = [], order = [], now = { ...sort }, frame = 0, drawn = [-1, -1];

  function heads() {
    const focused = document.activeElement?.dataset?.sort;
    fill(head, columns.map((column) => el("th", { scope: "col", class: column.num ? "num" : null, title: column.title,
      "aria-sort": now.key === column.key ? (now.down ? "descending" : "ascending") : null },
    column.value ? el("button", { type: "button", "data-sort": column.key, onclick: () => turn(column) },
      column.label, now.key === column.key ? (now.down ? " ↓" : " ↑") : "") : column.label)));
    if (focused) head.querySelector(`[data-sort="${CSS.escape(focused)}"]`)?.focus();
  }

  function turn(column) {
    now = { key: column.key, down: now.key === column.key ? !now.down : true };
    sorted({ ...now });
    heads();
    arrange();
  }

  function arrange() {
    const column = columns.find((one) => one.key === now.key && one.value);
    order = column ? [...rows].sort((a, b) => compare(column.value(a), column.value(b), now.down)) : rows;
    table.setAttribute("aria-rowcount", String(order.length + 1));
    drawn = [-1, -1];
    draw();
  }

  function draw() {
    frame = 0;
    const shown = Math.ceil((node.clientHeight || 640) / ROW_PX);
    const first = Math.max(0, Math.min(Math.floor(node.scrollTop / ROW_PX) - SPARE, order.length - shown));
    const last = Math.min(order.length, first + shown + 2 * SPARE);
    if (first === drawn[0] && last === drawn[1]) return;
    drawn = [first, last];
    const kept = document.activeElement?.closest?.("tr")?.dataset.row;
    const among = kept === undefined ? -1 : [...document.activeElement.closest("tr").querySelectorAll("a, button")].indexOf(document.activeElement);
    fill(body, gap(first), order.slice(first, last).map((row, i) => el("tr", { class: name(row), "data-row": identity(row), "aria-rowindex": String(first + i + 2) },
      columns.map((column) => el("td", { class: column.num ? "num" : null }, column.cell(row))))), gap(order.length - last));
    if (among >= 0) body.querySelector(`tr[data-row="${CSS.escape(kept)}"]`)?.querySelectorAll("a, button")[among]?.focus();
  }

  function gap(count) {
    if (count <= 0) return null;
    const cell = el("td", { colspan: columns.length });
    cell.style.height = `${count * ROW_PX}px`;
    return el("tr", { class: "gap", "aria-hidden": "true" }, cell);
  }

  node.addEventListener("scroll", () => { frame ||= requestAnimationFrame(draw); }, { passive: true });
  heads();
  return {
    node,
    /** New rows; the scroll position stays. */
    update(next) { rows = next; arrange(); },
    /** Other columns, for instance when a hyperparameter appears. */
    recolumn(next) { columns = next; heads(); arrange(); },
  };
}

/** Numbers by size, texts by letter, lists by their members; what is missing comes last either way. */
export function compare(a, b, down = false) {
  const none = (value) => value === null || value === undefined || Number.isNaN(value);
  if (none(a) || none(b)) return none(a) - none(b);
  const [first, second] = down ? [b, a] : [a, b];
  if (typeof first === "number" && typeof second === "number") return first - second;
  return String(first).localeCompare(String(second), "en", { numeric: true });
}
