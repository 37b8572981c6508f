// What is above the list: states to choose, a field for names, data sets, tags, and the order.
import { pick } from "../../components/controls.js";
import { el, fill, refill } from "../../dom.js";
import { number } from "../../format.js";
import { SORTS } from "./sorts.js";

const TYPING_MS = 250;
const WORDS = {
  RUNNING: "Running",
  QUEUED: "Queued",
  PAUSED: "Paused",
  COMPLETED: "Completed",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

/** `node`, `update({counts, searches, datasets})`, `focus()`, `end()`; `want(change)` is told of what is chosen. */
export function listTools({ wanted, want }) {
  let typing = 0;
  const chips = el("div", { class: "chips states", role: "group", "aria-label": "Only searches in this state" });
  const find = el("input", {
    type: "search",
    placeholder: "Find by name",
    "aria-label": "Find searches by name",
    value: wanted.text,
    maxlength: 128,
    oninput: () => {
      clearTimeout(typing);
      typing = setTimeout(() => want({ text: find.value.trim() }), TYPING_MS);
    },
  });
  const sets = el("span"),
    sorts = el("span");
  const tags = tagField(wanted, want);

  function update({ counts, searches, datasets }) {
    const held = document.activeElement?.dataset?.chip;
    fill(chips, stateChips(wanted, counts, want));
    if (held) chips.querySelector(`[data-chip="${held}"]`)?.focus();
    tags.update(searches);
    const known = datasets.entries();
    sets.hidden = !known.length;
    refill(sets, [known, wanted.dataset], () =>
      pick("Only on this data set", [["", "All data sets"], ...known], wanted.dataset, (dataset) => want({ dataset })),
    );
    const orders = Object.entries(SORTS).map(([key, { label }]) => [key, label]);
    refill(sorts, wanted.sort, () => pick("Sort by", orders, wanted.sort, (sort) => want({ sort })));
    if (document.activeElement !== find) find.value = wanted.text;
  }

  return {
    node: el("div", { class: "list-tools" }, chips, el("div", { class: "row" }, find, sets, tags.node, sorts)),
    update,
    focus: () => find.focus(),
    end: () => clearTimeout(typing),
  };
}

function stateChips(wanted, counts, want) {
  const chip = (name, label, count) =>
    el(
      "button",
      {
        type: "button",
        class: `chip ${name}`,
        "data-chip": name || "all",
        "aria-pressed": String(wanted.state === name),
        onclick: () => want({ state: wanted.state === name ? "" : name }),
      },
      label,
      " ",
      el("span", { class: "num" }, number(count)),
    );
  const present = Object.keys(WORDS).filter(
    (name) => counts.states[name] || wanted.state === name || name === "RUNNING",
  );
  return [chip("", "All", counts.total), present.map((name) => chip(name, WORDS[name], counts.states[name] ?? 0))];
}

/** A field that takes any tag, and offers those in sight. */
function tagField(wanted, want) {
  const offered = el("datalist", { id: "search-tags" });
  const field = el("input", {
    type: "text",
    list: "search-tags",
    class: "tag-field",
    placeholder: "Tag, as key:value",
    "aria-label": "Only with this tag",
    value: wanted.tag,
    maxlength: 256,
    spellcheck: "false",
    autocomplete: "off",
    onchange: () => want({ tag: tagOf(field.value.trim()) }),
  });
  return {
    node: el("span", {}, field, offered),
    update(searches) {
      const seen = new Set(
        searches.flatMap((search) => Object.entries(search.tags).map(([key, value]) => `${key}:${value}`)),
      );
      refill(offered, [...seen].sort(), () => [...seen].sort().map((tag) => el("option", { value: tag })));
      if (document.activeElement !== field) field.value = wanted.tag;
    },
  };
}

/** A word alone is a tag without a value, which the service knows as `word:`. */
function tagOf(text) {
  return text && !text.includes(":") ? `${text}:` : text;
}
