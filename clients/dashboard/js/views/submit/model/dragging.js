// Rows of layers are dragged, in and out of blocks.
import { pointerOf } from "../json.js";
import { relocate } from "./moving.js";

export function drag(desk, event, path) {
  desk.ui.dragging = path;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", path.join("/"));
  event.target.closest("li").classList.add("dragging");
}

export function dragged(desk) {
  desk.ui.dragging = null;
  for (const one of document.querySelectorAll(".dragging, .drop-before, .drop-after"))
    one.classList.remove("dragging", "drop-before", "drop-after");
}

/** Where a dragged row would land: before or after the row under the pointer, or in an empty list. */
function landing(desk, event) {
  const from = desk.ui.dragging;
  if (!from) return null;
  const holder = event.target.closest(".layers");
  const fromFlavour = document.querySelector(`[data-list="${CSS.escape(pointerOf(from.slice(0, -1)))}"]`)?.dataset
    .flavour;
  if (!holder || holder.dataset.flavour !== fromFlavour) return null;
  const list = holder.dataset.list
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (fromFlavour !== "layers" && pointerOf(list) !== pointerOf(from.slice(0, -1))) return null;
  if (`${holder.dataset.list}/`.startsWith(`${pointerOf(from)}/`)) return null;
  const under = event.target.closest("li.layer");
  if (!under || !holder.contains(under)) return { list, index: (desk.sheet.at(list) ?? []).length, under: null };
  const box = under.getBoundingClientRect();
  const after = event.clientY > box.top + box.height / 2;
  return { list, index: Number(under.dataset.row.split("/").at(-1)) + (after ? 1 : 0), under, after };
}

export function over(desk, event) {
  const goal = landing(desk, event);
  if (!goal) return;
  event.preventDefault();
  event.stopPropagation();
  for (const one of document.querySelectorAll(".drop-before, .drop-after"))
    one.classList.remove("drop-before", "drop-after");
  goal.under?.classList.add(goal.after ? "drop-after" : "drop-before");
}

export function leave(event) {
  event.target.closest?.("li")?.classList.remove("drop-before", "drop-after");
}

export function drop(desk, event) {
  const goal = landing(desk, event);
  if (!goal) return;
  event.preventDefault();
  event.stopPropagation();
  const from = desk.ui.dragging;
  dragged(desk);
  const place = relocate(desk, from, goal);
  desk.focus(`head${place}`);
}
