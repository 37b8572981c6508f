// Finds things by typing, and adds one with Enter or a click.
import { el, fill } from "../../dom.js";

const PAUSE_MS = 180;
let count = 0;

/**
 * A field with a list below it. `find(text)` answers [{id, name, more}] (`more` is shown beside the name), `chose(id)` is told.
 * Arrow keys move through the list, Enter takes what is marked, Escape closes it.
 */
export function picker({ label, placeholder, find, chose }) {
  const listId = `picker-${++count}`;
  const list = el("ul", { id: listId, role: "listbox", "aria-label": label, class: "found", hidden: true });
  const field = el("input", {
    type: "search",
    role: "combobox",
    "aria-label": label,
    "aria-expanded": "false",
    "aria-controls": listId,
    "aria-autocomplete": "list",
    placeholder,
    autocomplete: "off",
  });
  let shown = [],
    marked = -1,
    timer = null,
    turn = 0,
    shownFor = null;

  function close() {
    list.hidden = true;
    marked = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }
  function take(one) {
    close();
    field.value = "";
    chose(one.id);
  }
  function mark(place) {
    marked = place;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    if (place >= 0) {
      field.setAttribute("aria-activedescendant", `${listId}-${place}`);
      list.children[place].scrollIntoView({ block: "nearest" });
    }
  }
  async function look() {
    const mine = ++turn,
      text = field.value.trim();
    clearTimeout(timer);
    let found;
    try {
      found = await find(text);
    } catch (error) {
      fill(list, el("li", { class: "note" }, error.message));
      list.hidden = false;
      return;
    }
    if (mine !== turn || !field.isConnected) return;
    shown = found;
    shownFor = text;
    fill(
      list,
      found.length
        ? found.map((one, at) =>
            el(
              "li",
              {
                id: `${listId}-${at}`,
                role: "option",
                "aria-selected": "false",
                onmousedown: (event) => {
                  event.preventDefault();
                  take(one);
                },
              },
              el("b", {}, one.name),
              " ",
              el("span", { class: "note small" }, one.more),
            ),
          )
        : el("li", { class: "note" }, "Nothing is called so."),
    );
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(found.length ? 0 : -1);
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  field.addEventListener("focus", look);
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      event.preventDefault();
      // Whoever types faster than the list follows gets what was typed, not what the list still shows.
      const now = () => {
        if (shown[marked] && !list.hidden && shownFor === field.value.trim()) take(shown[marked]);
      };
      if (shownFor === field.value.trim()) now();
      else look().then(now);
    } else if (["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      if (list.hidden) {
        look();
        return;
      }
      if (shown.length) mark((marked + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length);
    }
  });
  return el("div", { class: "finder" }, field, list);
}
