// Buttons, choices and links used on several pages.
import { file } from "../api.js";
import { el } from "../dom.js";
import { tell } from "./toast.js";

/** A quiet drop-down; `options` are texts or [value, text] pairs. `chose` gets the value. */
export function pick(label, options, current, chose) {
  return el(
    "select",
    { class: "quiet", "aria-label": label, onchange: (event) => chose(event.target.value) },
    options.map((one) => {
      const [value, text] = Array.isArray(one) ? one : [one, one];
      return el("option", { value, selected: String(value) === String(current) }, text);
    }),
  );
}

/** A labelled control for a row of controls. */
export function labelled(text, control) {
  return el("label", { class: "labelled" }, el("span", {}, text), control);
}

/** A row of pressed-or-not buttons of which one is pressed; `chose` gets the value. */
export function segments(label, options, current, chose) {
  const row = el("div", { class: "row", role: "group", "aria-label": label });
  for (const [value, text] of options) {
    row.append(
      el(
        "button",
        {
          type: "button",
          "aria-pressed": String(value === current),
          onclick: (event) => {
            for (const button of row.children)
              button.setAttribute("aria-pressed", String(button === event.currentTarget));
            chose(value);
          },
        },
        text,
      ),
    );
  }
  return row;
}

/** Where the state of a search or a trial is shown. */
export function state(name, title) {
  return el("span", { class: `state ${name}`, title }, name);
}

/** A fact: a large value over its name. */
export function fact(label, value) {
  return el("div", { class: "fact" }, el("b", {}, value), el("span", {}, label));
}

/** A button that copies `text()` to the clipboard. */
export function copyButton(label, text) {
  return el(
    "button",
    {
      type: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(text());
          tell("Copied.", "good");
        } catch {
          tell("The browser did not allow copying: mark the text and copy it by hand.", "bad");
        }
      },
    },
    label,
  );
}

/**
 * A button that does something at the service: disabled while it runs; a refusal is told in the corner.
 * `act` answers what to say when it worked, or nothing.
 */
export function actButton(label, act, { danger = false, primary = false } = {}) {
  const button = el(
    "button",
    {
      type: "button",
      class: danger ? "danger" : primary ? "primary" : null,
      onclick: async () => {
        button.disabled = true;
        try {
          const said = await act();
          if (said) tell(said, "good");
        } catch (error) {
          tell(error.message, "bad");
        }
        button.disabled = false;
      },
    },
    label,
  );
  return button;
}

/**
 * Links that look like tabs; each is an address, so it can be opened, linked to and gone back from. `panel` is the id of what they
 * show. Arrow keys, Home and End go from one to the other, Enter and Space show it.
 */
export function tabs(label, panel, entries, current) {
  const links = entries.map(([name, text, href]) =>
    el(
      "a",
      {
        href,
        id: `${panel}-${name}`,
        role: "tab",
        "aria-selected": String(name === current),
        "aria-controls": panel,
        tabindex: name === current ? "0" : "-1",
      },
      text,
    ),
  );
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": label }, links);
  list.addEventListener("keydown", (event) => {
    const at = links.indexOf(document.activeElement),
      last = links.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[
      event.key
    ];
    if (event.key === " ") links[at].click();
    else if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    else links[to].focus();
    event.preventDefault();
  });
  return list;
}

/** A button that opens a list of links; it closes by Escape, by a click elsewhere, or when the focus leaves it. */
export function menu(label, items) {
  const summary = el("summary", { class: "button" }, label);
  const box = el("details", { class: "menu" }, summary, el("div", { class: "items" }, items));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && box.open) {
      box.open = false;
      summary.focus();
    }
  });
  box.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false;
  });
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    const close = (event) => {
      if (!box.contains(event.target)) {
        box.open = false;
        document.removeEventListener("pointerdown", close);
      }
    };
    document.addEventListener("pointerdown", close);
  });
  return box;
}

/** A button that fetches a file which takes the service a moment to make, and then hands it to the browser. */
export function downloadButton(label, path, filename, { quiet = false, primary = false } = {}) {
  const button = el(
    "button",
    {
      type: "button",
      class: quiet ? "quiet" : primary ? "primary" : null,
      onclick: async () => {
        button.disabled = true;
        button.textContent = "Preparing …";
        try {
          const { blob, name } = await file(path);
          const address = URL.createObjectURL(blob);
          el("a", { href: address, download: name ?? filename }).click();
          setTimeout(() => URL.revokeObjectURL(address), 60_000);
        } catch (error) {
          tell(error.message, "bad");
        }
        button.disabled = false;
        button.textContent = label;
      },
    },
    label,
  );
  return button;
}
