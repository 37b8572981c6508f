// Elements by hand: text is always set as text, never parsed as markup.

/** An element with attributes, event listeners (`onclick`) and children (nodes, strings, or null to leave out). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG; inline `style` is forbidden by the content policy, so colours are attributes. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

/** Puts new content into a place without losing the scroll position of what is around it. */
export function fill(place, ...children) {
  place.replaceChildren();
  append(place, children);
}

/** New content only when what it tells (`told`, as JSON) has changed: links keep their focus, menus stay open. */
export function refill(place, told, make) {
  const sign = JSON.stringify(told);
  if (place.dataset.told === sign) return;
  place.dataset.told = sign;
  fill(place, make());
}

const CONTROLS = "a, button, input, select, summary";

/** Like `fill`; when the focus was inside, it goes to the control at the same place among the new ones. */
export function fillHeld(place, ...children) {
  const among = [...place.querySelectorAll(CONTROLS)].indexOf(document.activeElement);
  fill(place, ...children);
  if (among >= 0) place.querySelectorAll(CONTROLS)[among]?.focus({ preventScroll: true });
}
