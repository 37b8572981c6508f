// A searchable list of what the catalogue offers, in groups, as a dialogue.
import { el, fill } from "../../dom.js";

let last = "";

/** Resolves to what was chosen of `groups` (`[[group, [{name, help, ...}]]]`), or to null. */
export function picked({ title, groups }) {
  return new Promise((resolve) => {
    let shown = [],
      at = 0;
    const list = el("div", { class: "offers", role: "listbox", id: "offers", "aria-label": title });
    const search = el("input", {
      type: "search",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "offers",
      "aria-autocomplete": "list",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "Search",
      placeholder: "Search by name or by what it does",
      oninput: () => {
        at = 0;
        draw();
      },
      onkeydown: keys,
    });
    const box = el(
      "dialog",
      { class: "picker", "aria-label": title },
      el(
        "div",
        { class: "row picker-head" },
        el("h2", {}, title),
        el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: () => box.close() }, "✕"),
      ),
      search,
      list,
    );
    let chosen = null;

    function choose(one) {
      chosen = one;
      last = one.name;
      box.close();
    }

    function draw() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const hits = (one, group) =>
        words.every(
          (word) =>
            one.name.toLowerCase().includes(word) ||
            group.toLowerCase().includes(word) ||
            (one.help ?? "").toLowerCase().includes(word),
        );
      const found = groups
        .map(([group, members]) => [group, members.filter((one) => hits(one, group))])
        .filter(([, members]) => members.length);
      // Names first: whoever types "Dense" does not want what merely mentions it.
      const rank = (one) =>
        words.length && one.name.toLowerCase().startsWith(words[0])
          ? 0
          : words.length && one.name.toLowerCase().includes(words[0])
            ? 1
            : 2;
      if (words.length) {
        for (const [, members] of found) members.sort((a, b) => rank(a) - rank(b));
        found.sort(([, a], [, b]) => rank(a[0]) - rank(b[0]));
      }
      shown = found.flatMap(([, members]) => members);
      at = Math.min(at, Math.max(0, shown.length - 1));
      let number = -1;
      fill(
        list,
        found.map(([group, members]) =>
          el(
            "div",
            { role: "group", "aria-label": group },
            el("div", { class: "group", "aria-hidden": "true" }, group),
            members.map((one) => {
              number += 1;
              const mine = number;
              return el(
                "div",
                {
                  role: "option",
                  id: `offer-${mine}`,
                  "aria-selected": String(mine === at),
                  "aria-label": one.name,
                  onclick: () => choose(one),
                  onpointermove: () => {
                    if (at !== mine) {
                      at = mine;
                      mark();
                    }
                  },
                },
                el("b", {}, one.name),
                el("span", {}, one.help ?? ""),
              );
            }),
          ),
        ),
        shown.length ? null : el("p", { class: "note" }, "Nothing in the catalogue is called so."),
      );
      mark();
    }

    function mark() {
      for (const option of list.querySelectorAll("[role=option]"))
        option.setAttribute("aria-selected", String(option.id === `offer-${at}`));
      search.setAttribute("aria-activedescendant", shown.length ? `offer-${at}` : "");
    }

    function keys(event) {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
      if (step) {
        event.preventDefault();
        at = Math.max(0, Math.min(shown.length - 1, at + step));
        mark();
        list.querySelector(`#offer-${at}`)?.scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter" && shown[at]) {
        event.preventDefault();
        choose(shown[at]);
      }
    }

    box.addEventListener("close", () => {
      box.remove();
      resolve(chosen);
    });
    box.addEventListener("click", (event) => {
      if (event.target === box) box.close();
    });
    document.body.append(box);
    at = Math.max(
      0,
      groups.flatMap(([, members]) => members).findIndex(({ name }) => name === last),
    );
    draw();
    box.showModal();
    search.focus();
    list.querySelector(`#offer-${at}`)?.scrollIntoView({ block: "nearest" });
  });
}
