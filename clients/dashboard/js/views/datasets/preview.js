// A look into a data set: rows as they are stored, how many of each class, how far each column reaches.
import { get } from "../../api.js";
import { pick } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { classFigure } from "./preview/classes.js";
import { featureTable } from "./preview/features.js";
import { rowsOf } from "./preview/rows.js";

const IMAGES = 40,
  ROWS = 10;

/** `node`, `load()`, `end()`. */
export function previewPart(set) {
  const parts = [
    ["train", set.train_rows],
    ["validation", set.validation_rows],
    ["test", set.test_rows],
  ].filter(([, rows]) => rows);
  const wanted = { part: parts[0][0], sample: "first", seed: 0 };
  const rows = el("div"),
    note = el("p", { class: "small note", "aria-live": "polite" }),
    fault = el("div", { class: "fault-box", role: "alert", hidden: true });
  const figures = el("div", { class: "grid" });
  const shuffle = el(
    "button",
    {
      type: "button",
      onclick: () => {
        wanted.sample = "random";
        wanted.seed = Math.floor(Math.random() * 2 ** 31);
        load();
      },
    },
    "Random rows",
  );
  const first = el(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: () => {
        wanted.sample = "first";
        load();
      },
    },
    "First rows",
  );
  const card = el(
    "section",
    { class: "card preview", "aria-label": "Preview" },
    el(
      "div",
      { class: "head" },
      el("h2", {}, "Preview"),
      el(
        "div",
        { class: "row" },
        parts.length > 1
          ? pick(
              "Part",
              parts.map(([name, count]) => [name, `${name} (${number(count)} rows)`]),
              wanted.part,
              (part) => {
                wanted.part = part;
                load();
              },
            )
          : null,
        first,
        shuffle,
      ),
    ),
    fault,
    rows,
    note,
  );
  const drawn = [];
  let turn = 0,
    ended = false,
    count = ROWS;

  async function load() {
    const mine = ++turn;
    card.setAttribute("aria-busy", "true");
    try {
      const seen = await get(`/v1/datasets/${encodeURIComponent(set.id)}/preview`, { ...wanted, rows: count });
      if (mine !== turn || ended) return;
      // Pictures are small: more of them fit than rows of numbers.
      if (count === ROWS && seen.inputs.length === 1 && seen.inputs[0].kind === "image" && seen.rows_in_part > ROWS) {
        count = IMAGES;
        load();
        return;
      }
      fault.hidden = true;
      draw(seen);
    } catch (error) {
      if (mine !== turn || ended) return;
      fault.hidden = false;
      fill(fault, error.message);
    } finally {
      if (mine === turn) card.removeAttribute("aria-busy");
    }
  }

  function draw(seen) {
    fill(rows, rowsOf(seen));
    note.textContent =
      `${wanted.sample === "random" ? "Random" : "The first"} ${number(seen.rows.length)} of ${number(seen.rows_in_part)} rows of the ${seen.part} part` +
      (seen.inputs.some((one) => one.looked_at && one.looked_at < seen.rows_in_part)
        ? `; figures of columns are over ${number(Math.min(...seen.inputs.map((one) => one.looked_at)))} of them`
        : "");
    for (const one of drawn.splice(0)) one.end();
    fill(
      figures,
      seen.targets.map((target) => targetFigure(target, seen)),
      seen.inputs.filter((one) => one.features.length).map((one) => featureTable(one, set)),
    );
  }

  function targetFigure(target, seen) {
    if (!target.classes.length)
      return target.numbers.length
        ? featureTable(
            { name: target.name, features: target.numbers, title: target.name ? `Target ${target.name}` : "Target" },
            set,
          )
        : null;
    const chart = classFigure(target, seen.part);
    drawn.push(chart);
    chart.update(target.classes);
    return chart.node;
  }

  return {
    node: el("div", { class: "stack" }, card, figures),
    load,
    end() {
      ended = true;
      for (const one of drawn) one.end();
    },
  };
}
