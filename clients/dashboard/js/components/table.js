// A table of any length: sorted by its headings, and only the rows in sight are in the page. One row at a time is in the tab
// order; the arrow keys, Page up and down, Home and End go from row to row.
import { el, fill } from "../dom.js";

const ROW_PX = 34;
const SPARE = 12;
const CONTROLS = "a, button, input";
const letters = new Intl.Collator("en", { numeric: true });

/**
 * Rows are drawn anew only when they are other objects than before: change a row by replacing it, or call `redraw()`.
 *
 * @param label   for screen readers
 * @param columns [{key, label, value: (row) => comparable, cell: (row) => nodes, num?, title?}]; `value` sorts, and may be left
 *                out where a column has no order; a `label` may be a node
 * @param sort    {key, down} to begin with
 * @param name    (row) => the class of its line, or ""
 * @param sorted  ({key, down}) => void, told when a heading was used
 * @param identity (row) => what a row is known by, so that focus survives redrawing
 * @param empty   () => what stands there when there is no row
 */
export function longTable({
  label,
  columns,
  sort,
  name = () => "",
  sorted = () => {},
  identity = (row) => row.id,
  empty = null,
}) {
  const head = el("tr");
  const body = el("tbody");
  const table = el("table", { "aria-label": label }, el("thead", {}, head), body);
  const node = el("div", { class: "table long", tabindex: "0", role: "region", "aria-label": label }, table);
  let rows = [],
    order = [],
    now = { ...sort },
    frame = 0,
    rowPx = ROW_PX;
  let lines = new Map(),
    current = null,
    column = 0,
    wide = 0;
  const widths = new Map();

  function heads() {
    const focused = document.activeElement?.dataset?.sort;
    fill(
      head,
      columns.map((one) =>
        el(
          "th",
          {
            scope: "col",
            class: one.num ? "num" : null,
            title: one.title,
            "data-column": one.key,
            "aria-sort": now.key === one.key && one.value ? (now.down ? "descending" : "ascending") : null,
          },
          one.value
            ? el(
                "button",
                { type: "button", "data-sort": one.key, onclick: () => turn(one) },
                one.num ? null : one.label,
                el("span", { class: "way", "aria-hidden": "true" }, now.key === one.key ? (now.down ? "↓" : "↑") : ""),
                one.num ? one.label : null,
              )
            : one.label,
        ),
      ),
    );
    for (const cell of head.children) cell.style.minWidth = `${widths.get(cell.dataset.column) ?? 0}px`;
    if (focused) head.querySelector(`[data-sort="${CSS.escape(focused)}"]`)?.focus();
  }

  function turn(one) {
    now = { key: one.key, down: now.key === one.key ? !now.down : true };
    sorted({ ...now });
    heads();
    arrange();
  }

  function arrange() {
    const by = columns.find((one) => one.key === now.key && one.value);
    order = by ? inOrder(rows, by.value, now.down) : rows;
    table.setAttribute("aria-rowcount", String(order.length + 1));
    draw();
  }

  function draw() {
    cancelAnimationFrame(frame);
    frame = 0;
    const shown = Math.ceil((node.clientHeight || 640) / rowPx);
    const first = Math.max(0, Math.min(Math.floor(node.scrollTop / rowPx) - SPARE, order.length - shown));
    const last = Math.min(order.length, first + shown + 2 * SPARE);
    const held = body.contains(document.activeElement) ? document.activeElement : null;
    const among = held ? controls(held.closest("tr")).indexOf(held) : -1;
    const before = lines;
    lines = new Map();
    if (current === null && order.length) current = identity(order[0]);
    for (let at = first; at < last; at += 1) {
      const row = order[at],
        key = identity(row),
        known = before.get(key);
      const line = known?.row === row ? known.line : made(row, key);
      line.className = name(row);
      line.setAttribute("aria-rowindex", String(at + 2));
      lines.set(key, { row, line });
    }
    put(
      [
        gap(first),
        ...[...lines.values()].map(({ line }) => line),
        gap(order.length - last),
        order.length === 0 && empty
          ? el("tr", { class: "none" }, el("td", { colspan: columns.length }, empty()))
          : null,
      ].filter(Boolean),
    );
    rove();
    // A control that was drawn anew or has moved gets the focus back; one that was scrolled away leaves it with the table.
    if (held && document.activeElement !== held) {
      const line = lines.get(held.closest("tr")?.dataset.row)?.line;
      (line ? (controls(line)[among] ?? node) : node).focus({ preventScroll: true });
    }
    settle();
  }

  function made(row, key) {
    return el(
      "tr",
      { "data-row": key },
      columns.map((one) => el("td", { class: one.num ? "num" : null }, one.cell(row))),
    );
  }

  function put(wanted) {
    const stay = new Set(wanted);
    for (const line of [...body.children]) if (!stay.has(line)) line.remove();
    let at = body.firstChild;
    for (const line of wanted) {
      if (line === at) at = at.nextSibling;
      else body.insertBefore(line, at);
    }
  }

  /** Columns get wider when a wider cell comes into sight, and never narrower: nothing jumps to and fro while one scrolls. */
  function settle() {
    const line = body.querySelector("tr[data-row]");
    if (!line || !node.isConnected) return;
    const height = line.getBoundingClientRect().height;
    const found = [...head.children].map((cell) => cell.offsetWidth);
    [...head.children].forEach((cell, i) => {
      if (found[i] <= (widths.get(cell.dataset.column) ?? 0)) return;
      widths.set(cell.dataset.column, found[i]);
      cell.style.minWidth = `${found[i]}px`;
    });
    if (height > 0 && Math.abs(height - rowPx) > 0.25) {
      rowPx = height;
      draw();
    }
  }

  function gap(count) {
    if (count <= 0) return null;
    const cell = el("td", { colspan: columns.length });
    cell.style.height = `${count * rowPx}px`;
    return el("tr", { class: "gap", "aria-hidden": "true" }, cell);
  }

  function controls(line) {
    return line ? [...line.querySelectorAll(CONTROLS)] : [];
  }

  function rove() {
    const inSight = lines.has(current) ? current : lines.keys().next().value;
    for (const [key, { line }] of lines)
      for (const control of controls(line)) control.tabIndex = key === inSight ? 0 : -1;
  }

  function walk(event) {
    if (!body.contains(event.target) && event.target !== node) return;
    const page = Math.max(1, Math.floor(node.clientHeight / rowPx) - 2);
    const far = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -order.length, End: order.length }[
      event.key
    ];
    if (far === undefined || event.ctrlKey || event.altKey || event.metaKey || order.length === 0) return;
    event.preventDefault();
    const inside = body.contains(event.target);
    const at = order.findIndex((row) => identity(row) === current);
    const next = Math.max(0, Math.min(order.length - 1, inside ? at + far : Math.max(at, 0)));
    if (inside) column = Math.max(0, controls(event.target.closest("tr")).indexOf(event.target));
    go(next);
  }

  function go(at) {
    current = identity(order[at]);
    const top = head.offsetHeight,
      from = at * rowPx;
    if (from < node.scrollTop) node.scrollTop = from;
    else if (from + rowPx + top > node.scrollTop + node.clientHeight)
      node.scrollTop = from + rowPx + top - node.clientHeight;
    draw();
    const line = lines.get(current)?.line,
      found = controls(line);
    (found[Math.min(column, found.length - 1)] ?? node).focus({ preventScroll: true });
  }

  // In another width the columns share the room anew. The observer goes with the node.
  new ResizeObserver(() => {
    if (node.clientWidth === wide) return;
    wide = node.clientWidth;
    widths.clear();
    for (const cell of head.children) cell.style.minWidth = "";
    draw();
  }).observe(node);
  node.addEventListener(
    "scroll",
    () => {
      frame ||= requestAnimationFrame(draw);
    },
    { passive: true },
  );
  node.addEventListener("keydown", walk);
  body.addEventListener("focusin", (event) => {
    const key = event.target.closest("tr")?.dataset.row;
    if (key && key !== current) {
      current = key;
      rove();
    }
  });
  heads();
  return {
    node,
    /** New rows; the scroll position stays. */
    update(next) {
      rows = next;
      arrange();
    },
    /** Other columns, for instance when a hyperparameter appears. */
    recolumn(next) {
      columns = next;
      lines.clear();
      widths.clear();
      heads();
      arrange();
    },
    /** Draws the rows in sight anew, when what their cells tell has changed without the rows. */
    redraw() {
      lines.clear();
      draw();
    },
    /** The rows in their present order. */
    ordered: () => order,
  };
}

/** Sorted by keys that are worked out once; numbers by size, texts by letter, what is missing last either way. */
function inOrder(rows, value, down) {
  return rows
    .map((row) => ({ row, key: value(row) }))
    .sort((a, b) => compare(a.key, b.key, down))
    .map(({ row }) => row);
}

/** Numbers by size, texts by letter, lists by their members; what is missing comes last either way. */
export function compare(a, b, down = false) {
  const none = (value) => value === null || value === undefined || Number.isNaN(value);
  if (none(a) || none(b)) return none(a) - none(b);
  const [first, second] = down ? [b, a] : [a, b];
  if (typeof first === "number" && typeof second === "number") return first - second;
  return letters.compare(String(first), String(second));
}
