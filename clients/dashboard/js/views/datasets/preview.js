// A look into a data set: rows as they are stored, how many of each class, how far each column reaches.
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../charts/parts.js";
import { pick } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { number, percent } from "../../format.js";

const MOST_BARS = 100,
  IMAGES = 40,
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
    const [only] = seen.inputs;
    fill(rows, seen.inputs.length === 1 && only.kind === "image" ? gallery(seen) : table(seen));
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

function classFigure(target, part) {
  const what = target.task === "multilabel" ? "labels" : "classes";
  return figure({
    title: `Rows of each of ${number(target.classes.length)} ${what}${target.name ? `, ${target.name}` : ""}`,
    describe: (classes) => {
      const sorted = [...classes].sort((a, b) => b.count - a.count);
      return `${classes.length} ${what} in the ${part} part. Most rows: ${sorted[0].name} (${sorted[0].count}); fewest: ${sorted.at(-1).name} (${sorted.at(-1).count}).`;
    },
    table: (classes) => ({
      columns: [target.task === "multilabel" ? "label" : "class", "rows"],
      rows: classes.map((one) => [one.name, one.count]),
    }),
    under: (classes) => {
      const least = Math.min(...classes.map((one) => one.count)),
        most = Math.max(...classes.map((one) => one.count));
      return classes.length > MOST_BARS
        ? `The ${MOST_BARS} largest are drawn; the table has more.`
        : most > 3 * Math.max(least, 1)
          ? `The largest has ${number(Math.round((most / Math.max(least, 1)) * 10) / 10)} times the rows of the smallest: look beyond accuracy.`
          : null;
    },
    option: (classes, ink) => {
      const shown =
        classes.length > MOST_BARS ? [...classes].sort((a, b) => b.count - a.count).slice(0, MOST_BARS) : classes;
      const total = classes.reduce((sum, one) => sum + one.count, 0) || 1;
      return {
        grid: room({ bottom: shown.length > 12 ? 70 : 44 }),
        tooltip: tooltip(ink, ({ name, value }) =>
          tip(name, [
            ["rows", value],
            ["share", percent(value / total)],
          ]),
        ),
        xAxis: {
          ...axis(ink, "", { kind: "category", values: shown.map((one) => one.name) }),
          axisLabel: {
            color: ink.soft,
            fontSize: 12,
            rotate: shown.length > 12 ? 45 : 0,
            hideOverlap: true,
            width: 80,
            overflow: "truncate",
          },
        },
        yAxis: { ...axis(ink, "rows", { side: "y", whole: true }), scale: false },
        series: [
          {
            type: "bar",
            data: shown.map((one) => one.count),
            itemStyle: { color: ink.c1, borderRadius: [3, 3, 0, 0] },
            barMaxWidth: 46,
          },
        ],
      };
    },
  });
}

function featureTable(input, set) {
  const title =
    input.title ??
    (input.kind === "image" || input.features.length === 1
      ? `Values${input.name ? ` of ${input.name}` : ""}`
      : `Columns${input.name ? ` of ${input.name}` : ""}`);
  const missing = input.features.some((one) => one.missing),
    kinds = input.features.some((one) => one.kind === "category");
  const categories = new Map(set.columns.map((column) => [column.name, column]));
  const more =
    input.shape?.length === 1 && input.shape[0] > input.features.length ? input.shape[0] - input.features.length : 0;
  return el(
    "section",
    { class: "card" },
    el("div", { class: "head" }, el("h2", {}, title)),
    el(
      "div",
      { class: "table", tabindex: "0", role: "region", "aria-label": title },
      el(
        "table",
        { "aria-label": title },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            el("th", { scope: "col" }, "Name"),
            kinds ? el("th", { scope: "col" }, "Kind") : null,
            ["Smallest", "Mean", "Largest"].map((name) => el("th", { scope: "col", class: "num" }, name)),
            missing ? el("th", { scope: "col", class: "num" }, "Missing") : null,
          ),
        ),
        el(
          "tbody",
          {},
          input.features.map((one) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, one.name),
              kinds ? el("td", {}, one.kind) : null,
              one.kind === "category"
                ? el("td", { colspan: 3, class: "wrap" }, listed(categories.get(one.name)))
                : [one.minimum, one.mean, one.maximum].map((value) => el("td", { class: "num" }, number(value))),
              missing ? el("td", { class: "num" }, one.missing ? number(one.missing) : "") : null,
            ),
          ),
        ),
      ),
    ),
    more ? el("p", { class: "small note" }, `${number(more)} more columns are not shown.`) : null,
  );
}

function listed(column) {
  if (!column) return "–";
  const shown = column.categories.slice(0, 8).join(", ");
  return column.num_categories > 8 ? `${shown} … (${number(column.num_categories)})` : shown;
}

function gallery(seen) {
  return el(
    "ul",
    { class: "gallery" },
    seen.rows.map((row) =>
      el(
        "li",
        {},
        el("img", {
          src: `data:image/png;base64,${row.inputs[0].image}`,
          alt: `Row ${row.row}: ${said(row.targets)}`,
          title: `row ${row.row}`,
        }),
        el("span", {}, said(row.targets)),
      ),
    ),
  );
}

function table(seen) {
  const wide = (input) => ["table", "values"].includes(input.kind) && input.features.length > 1;
  const heads = seen.inputs.flatMap((input) =>
    wide(input) ? input.features : [{ name: input.name || { image: "image", text: "text" }[input.kind] || "values" }],
  );
  const cut = seen.rows.some((row) => row.inputs.some((cell, i) => cell.shortened && wide(seen.inputs[i])));
  return el(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": "Rows" },
    el(
      "table",
      { "aria-label": "Rows" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col", class: "num" }, "Row"),
          seen.targets.map((target) => el("th", { scope: "col", class: "target" }, target.name || "target")),
          heads.map((one) => el("th", { scope: "col", class: one.kind === "number" ? "num" : null }, one.name)),
          cut ? el("th", {}, "…") : null,
        ),
      ),
      el(
        "tbody",
        {},
        seen.rows.map((row) =>
          el(
            "tr",
            {},
            el("td", { class: "num note" }, number(row.row)),
            row.targets.map((target) => el("td", { class: "target" }, said([target]))),
            row.inputs.flatMap((cell, i) => cells(cell, seen.inputs[i], wide(seen.inputs[i]))),
            cut ? el("td", {}, "…") : null,
          ),
        ),
      ),
    ),
  );
}

function cells(cell, input, wide) {
  if (cell.text !== null)
    return [el("td", { class: "wrap text" }, el("div", {}, cell.text, cell.shortened ? "…" : ""))];
  if (cell.image !== null)
    return [el("td", {}, el("img", { class: "thumb", src: `data:image/png;base64,${cell.image}`, alt: "" }))];
  if (!wide)
    return [
      el(
        "td",
        { class: "mono" },
        `${cell.values.slice(0, 8).map(number).join(", ")}${cell.shortened || cell.values.length > 8 ? " …" : ""}`,
      ),
    ];
  return cell.values
    .slice(0, input.features.length)
    .map((value) =>
      el(
        "td",
        { class: typeof value === "number" ? "num" : null },
        value === null ? el("span", { class: "note", title: "missing" }, "–") : number(value),
      ),
    );
}

function said(targets) {
  return targets
    .map((target) => (Array.isArray(target) ? target.map(number).join(", ") || "none" : number(target)))
    .join(" · ");
}
