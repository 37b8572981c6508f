// What a final training and a learning-rate range test came to.
import { address } from "../address.js";
import { Problem, get, listen, send } from "../api.js";
import { axis, legend, room, tip, tooltip } from "../charts/parts.js";
import { figure } from "../charts/figure.js";
import { copyButton, downloadButton, fact, menu, state } from "../components/controls.js";
import { confirmed } from "../components/confirm.js";
import { tell } from "../components/toast.js";
import { el, fill } from "../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../events.js";
import { bytes, duration, number, time } from "../format.js";
import { refresher } from "../refresh.js";

const MOST_CLASSES = 100;
const ENDED = ["COMPLETED", "FAILED", "CANCELLED"];

/** A final training: how the model did on the test part, and the model itself. */
export async function finalPage({ main, path, live }) {
  return jobPage({
    main,
    live,
    base: `/v1/final/${encodeURIComponent(path[1])}`,
    back: "Final training",
    parts: finalParts,
  });
}

/** A learning-rate range test: the loss against the rate, and the range it suggests. */
export async function rangeTestPage({ main, path, live }) {
  return jobPage({
    main,
    live,
    base: `/v1/lr-range-tests/${encodeURIComponent(path[1])}`,
    back: "Range test",
    parts: rangeParts,
  });
}

/** What both have: the state, progress while it runs, why it failed; `parts(job)` gives `{nodes, end}` once it has a result. */
async function jobPage({ main, live, base, back, parts }) {
  const head = el("div"),
    place = el("div", { class: "stack" });
  let job = await get(base),
    shown = null,
    told = "";
  fill(main, head, place);

  function draw() {
    const open = !ENDED.includes(job.state);
    const sign = JSON.stringify([job.state, job.progress, job.failure, job.elapsed_seconds]);
    if (sign !== told) {
      told = sign;
      const held = head.contains(document.activeElement);
      fill(
        head,
        el(
          "p",
          { class: "crumbs" },
          el("a", { href: "#/" }, "Searches"),
          " / ",
          job.source
            ? [el("a", { href: address(["searches", job.source.search_id]) }, job.source.search_name), " / "]
            : null,
          back,
        ),
        el(
          "div",
          { class: "page-head" },
          el(
            "h1",
            {},
            job.source ? `Final training of trial ${job.source.trial_number}` : job.name,
            " ",
            state(job.state, job.state_reason?.message),
          ),
          open
            ? el("button", { type: "button", class: "danger", onclick: cancel }, "Cancel")
            : el("button", { type: "button", class: "danger", onclick: remove }, "Delete"),
        ),
        open ? el("p", {}, el("progress", { max: 1, value: job.progress ?? 0, "aria-label": "Progress" })) : null,
        job.failure
          ? el("div", { class: "fault-box", role: "alert" }, el("b", {}, job.failure.code), " ", job.failure.message)
          : null,
        open
          ? el(
              "p",
              { class: "note" },
              job.state === "QUEUED"
                ? "It waits for its turn on a worker."
                : "It is trained now; the result stands here when it is done.",
            )
          : null,
      );
      if (held) (head.querySelector("button") ?? main).focus();
    }
    const ready = job.report ?? (job.rates?.length ? job : null);
    if (ready && !shown) {
      shown = parts(job);
      fill(place, shown.nodes);
    }
  }

  async function cancel() {
    if (!(await confirmed("End it for good? What it has trained is lost.", "Cancel it"))) return;
    try {
      await send("POST", `/v1/searches/${encodeURIComponent(job.id)}/cancel`);
      redraw.soon();
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  async function remove() {
    if (!(await confirmed("Delete it with its report and files? This cannot be taken back.", "Delete it"))) return;
    try {
      await send("DELETE", `/v1/searches/${encodeURIComponent(job.id)}`);
      location.hash = "#/";
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  const redraw = refresher(async () => {
    try {
      job = await get(base);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) redraw.end();
      throw error;
    }
    draw();
  });
  draw();
  const close = listen(
    `/v1/searches/${encodeURIComponent(job.id)}/events`,
    [...SEARCH_KINDS, ...TRIAL_KINDS],
    redraw.soon,
    (on) => {
      live(on);
      if (on) redraw.soon();
    },
  );
  return () => {
    redraw.end();
    close();
    shown?.end();
  };
}

// -- A final training -----------------------------------------------------------------------------------------------

function finalParts(job) {
  const { report } = job,
    figures = [];
  const tested = report.test,
    base = `/v1/final/${encodeURIComponent(job.id)}`;
  const metrics = Object.entries(tested?.metrics ?? {});
  const facts = el(
    "div",
    { class: "facts" },
    metrics.map(([name, value]) => fact(`${name}, test part`, number(value))),
    fact(`${job.source.objective.name} in the search`, number(job.source.score)),
    fact("rows trained on", number(report.training.rows)),
    tested ? fact("rows tested", number(tested.rows)) : null,
    fact("parameters", number(report.model.parameters)),
    fact("training took", duration(report.training.seconds)),
  );
  const take = el(
    "div",
    { class: "card job-part" },
    el("div", { class: "head" }, el("h2", {}, "Take it home")),
    el("p", {}, "The bundle has the model, its preprocessing and a script: it predicts without this service."),
    el(
      "div",
      { class: "row" },
      downloadButton("Bundle (zip)", `${base}/bundle`, "bundle.zip", { primary: true }),
      downloadButton(`Model (${bytes(report.model.size_bytes)})`, `${base}/model`, report.model.file),
      downloadButton("Model card", `${base}/card`, "model-card.md"),
      menu("Report", [el("a", { href: `${base}/report`, download: "report.json" }, "JSON")]),
    ),
    el(
      "p",
      { class: "small note" },
      "sha256 of the model: ",
      el("code", { class: "wrap-anywhere" }, report.model.sha256),
    ),
  );
  const values = el(
    "div",
    { class: "card" },
    el(
      "div",
      { class: "head" },
      el("h2", {}, "What was trained"),
      copyButton("Copy values", () => JSON.stringify(report.values, null, 2)),
    ),
    pairs([
      ...Object.entries(report.values),
      ["epochs", report.training.epochs],
      ["seed", report.training.seed],
      ["data set", report.dataset.name],
      ["device", report.environment?.device],
      ["trained", time(job.ended_at)],
    ]),
    el(
      "p",
      { class: "small note" },
      "From ",
      el("a", { href: address(["trials", job.source.trial_id]) }, `trial ${job.source.trial_number}`),
      " of ",
      el("a", { href: address(["searches", job.source.search_id]) }, job.source.search_name),
      ".",
    ),
  );
  const notes = report.notes?.length
    ? el(
        "ul",
        { class: "warn-box" },
        report.notes.map((note) =>
          el("li", {}, typeof note === "string" ? note : (note.message ?? JSON.stringify(note))),
        ),
      )
    : null;
  const outputs = (tested?.outputs ?? []).flatMap((output) => outputParts(output, job, figures));
  const untested = tested
    ? null
    : el(
        "div",
        { class: "warn-box" },
        "The data set has no test part, so nobody knows how the model does on rows it has not seen. Give the search a test_split, or upload a test part.",
      );
  return {
    nodes: [facts, untested, notes, el("div", { class: "grid" }, take, values), outputs],
    end() {
      for (const one of figures) one.end();
    },
  };
}

function outputParts(output, job, figures) {
  const title = (text) => (output.name ? `${text}: ${output.name}` : text);
  if (output.confusion_matrix && output.class_names.length <= MOST_CLASSES) {
    const matrix = matrixFigure(title("Confusion matrix"), output, job);
    figures.push(matrix);
    matrix.update(output);
    return [
      el(
        "div",
        { class: "grid report-grid" },
        matrix.node,
        classTable(title("Each class"), output.classes, output.averages),
      ),
    ];
  }
  const figures_ = Object.entries(output).filter(([name, value]) => typeof value === "number" && name !== "rows");
  const rest = figures_.length
    ? el(
        "section",
        { class: "card" },
        el("div", { class: "head" }, el("h2", {}, title("On the test part"))),
        pairs(figures_),
      )
    : null;
  if (output.labels || output.classes)
    return [
      rest,
      classTable(title(output.labels ? "Each label" : "Each class"), output.labels ?? output.classes, output.averages),
    ];
  const several = [{ number: "all", ...output }, ...(output.numbers ?? [])];
  return [
    rest,
    output.residuals
      ? el(
          "section",
          { class: "card" },
          el("div", { class: "head" }, el("h2", {}, title("Residuals: true less predicted, by quantile"))),
          el(
            "div",
            { class: "scroll" },
            el(
              "table",
              {},
              el(
                "thead",
                {},
                el(
                  "tr",
                  {},
                  el("th", { scope: "col" }, "Number"),
                  output.residuals.map(({ quantile }) =>
                    el("th", { scope: "col", class: "num" }, `${number(100 * quantile)} %`),
                  ),
                ),
              ),
              el(
                "tbody",
                {},
                several
                  .filter((one) => one.residuals)
                  .map((one) =>
                    el(
                      "tr",
                      {},
                      el("th", { scope: "row" }, one.number),
                      one.residuals.map(({ value }) => el("td", { class: "num" }, number(value))),
                    ),
                  ),
              ),
            ),
          ),
        )
      : null,
  ];
}

function matrixFigure(title, output, job) {
  const names = output.class_names,
    cells = names.length ** 2;
  return figure({
    title,
    size: names.length > 12 ? "tall" : "",
    picture: () => `/v1/searches/${encodeURIComponent(job.id)}/plots/confusion-matrix?format=svg`,
    describe: ({ confusion_matrix: rows }) =>
      `${right(rows)} of ${total(rows)} test rows are told right. The most common mistake: ${worst(rows, names)}.`,
    under: ({ confusion_matrix: rows }) =>
      `${number(right(rows))} of ${number(total(rows))} right. Most common mistake: ${worst(rows, names)}. Colours show each row's shares.`,
    table: ({ confusion_matrix: rows }) => ({
      columns: ["true \\ predicted", ...names],
      rows: rows.map((row, i) => [names[i], ...row]),
    }),
    option: ({ confusion_matrix: rows }, ink) => ({
      grid: room({ left: 74, top: 10, bottom: 50 }),
      tooltip: tooltip(
        ink,
        ({
          data: {
            value: [x, y, , count],
          },
        }) =>
          tip(`true ${names[y]}`, [
            [`taken for ${names[x]}`, count],
            ["of its rows", `${Math.round((100 * count) / (sum(rows[y]) || 1))} %`],
          ]),
      ),
      xAxis: { ...axis(ink, "predicted", { kind: "category", values: names }), splitLine: { show: false } },
      yAxis: {
        ...axis(ink, "true", { kind: "category", side: "y", values: names }),
        inverse: true,
        splitLine: { show: false },
      },
      visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: [ink.sunk, ink.c1] } },
      series: [
        {
          type: "heatmap",
          data: rows.flatMap((row, y) =>
            row.map((count, x) => {
              const share = count / (sum(row) || 1);
              return { value: [x, y, share, count], label: { color: share > 0.45 ? ink.card : ink.ink } };
            }),
          ),
          itemStyle: { borderColor: ink.card, borderWidth: cells > 900 ? 0 : 1 },
          label: { show: names.length <= 14, formatter: ({ data }) => (data.value[3] ? String(data.value[3]) : "") },
        },
      ],
    }),
  });
}

function classTable(title, classes, averages) {
  const columns = ["precision", "recall", "f1", "support"].filter((name) =>
    classes.some((one) => one[name] !== undefined),
  );
  const line = (name, one, kind = null) =>
    el(
      "tr",
      { class: kind },
      el("th", { scope: "row" }, name),
      columns.map((column) => el("td", { class: "num" }, one[column] === undefined ? "" : number(one[column]))),
    );
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
            el("th", { scope: "col" }, "Class"),
            columns.map((name) => el("th", { scope: "col", class: "num" }, name)),
          ),
        ),
        el(
          "tbody",
          {},
          classes.map((one) => line(one.class ?? one.label ?? one.name, one)),
          Object.entries(averages ?? {}).map(([name, one]) => line(`${name} average`, one, "average")),
        ),
      ),
    ),
  );
}

// -- A range test ---------------------------------------------------------------------------------------------------

function rangeParts(job) {
  const found = job.suggestion;
  const chart = figure({
    title: "Loss against the learning rate",
    picture: () => `/v1/searches/${encodeURIComponent(job.id)}/plots/lr-range-test?format=svg`,
    describe: ({ rates }) =>
      `${rates.length} batches from a rate of ${number(rates[0])} to ${number(rates.at(-1))}.${found ? ` Suggested: ${number(found.min_rate)} to ${number(found.max_rate)}.` : ""}`,
    table: ({ rates, losses, smoothed }) => ({
      columns: ["learning rate", "loss", "smoothed"],
      rows: rates.map((rate, i) => [rate, losses[i], smoothed[i]]),
    }),
    under: ({ losses, smoothed }) =>
      losses.some((loss) => loss > 2 * smoothed[0]) ? "Losses beyond twice the first one are not drawn." : null,
    option: ({ rates, losses, smoothed }, ink) => {
      if (rates.length < 2) return null;
      const known = [...losses, ...smoothed].filter((loss) => loss !== null);
      const low = round(Math.min(...known), Math.floor),
        high = round(Math.min(Math.max(...known), 2 * (smoothed.find((loss) => loss > 0) ?? Infinity)), Math.ceil);
      return {
        grid: room({ bottom: 66 }),
        legend: legend(ink, ["loss of a batch", "smoothed", ...(found ? ["suggested range"] : [])]),
        tooltip: tooltip(
          ink,
          (points) =>
            tip(
              `rate ${number(points[0].data[0])}`,
              points.map((one) => [one.seriesName, one.data[1]]),
            ),
          { trigger: "axis" },
        ),
        xAxis: axis(ink, "learning rate", { kind: "log" }),
        yAxis: { ...axis(ink, "loss", { side: "y" }), min: low, max: high },
        series: [
          {
            name: "loss of a batch",
            type: "scatter",
            symbolSize: 5,
            itemStyle: { color: ink.c8, opacity: 0.6 },
            data: rates.map((rate, i) => [rate, losses[i]]),
          },
          {
            name: "smoothed",
            type: "line",
            showSymbol: false,
            lineStyle: { width: 2, color: ink.c1 },
            itemStyle: { color: ink.c1 },
            data: rates.map((rate, i) => [rate, smoothed[i]]),
          },
          ...(found
            ? [
                {
                  name: "suggested range",
                  type: "line",
                  silent: true,
                  showSymbol: false,
                  tooltip: { show: false },
                  lineStyle: { width: 1, color: ink.c3 },
                  itemStyle: { color: ink.c3 },
                  areaStyle: { color: ink.c3, opacity: 0.15, origin: "start" },
                  data: [
                    [found.min_rate, low],
                    [found.min_rate, high],
                    [found.max_rate, high],
                    [found.max_rate, low],
                  ],
                },
              ]
            : []),
        ],
      };
    },
  });
  chart.update(job);
  const range = found
    ? JSON.stringify({
        name: "learning_rate",
        type: "float",
        min_value: found.min_rate,
        max_value: found.max_rate,
        sampling: "log",
      })
    : "";
  const facts = el(
    "div",
    { class: "facts" },
    fact("suggested from", number(found?.min_rate)),
    fact("to", number(found?.max_rate)),
    fact("steepest at", number(found?.steepest)),
    fact("batches", number(job.rates.length)),
    fact("rows a batch", number(job.batch_size)),
    fact("why it ended", job.diverged ? "it blew up" : "rates ran out"),
  );
  return {
    nodes: [
      facts,
      chart.node,
      el(
        "div",
        { class: "card job-part" },
        el("div", { class: "head" }, el("h2", {}, "Use it"), found ? copyButton("Copy", () => range) : null),
        found
          ? [el("p", {}, "As a hyperparameter of a definition:"), el("pre", {}, range)]
          : el(
              "p",
              { class: "note" },
              "The loss nowhere fell clearly enough to suggest a range: try smaller or larger rates.",
            ),
        el("h3", {}, "Values it was tested with"),
        pairs(Object.entries(job.hyperparameters)),
      ),
    ],
    end: () => chart.end(),
  };
}

function pairs(entries) {
  return el(
    "dl",
    { class: "report-pairs" },
    entries
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [el("dt", {}, name), el("dd", {}, number(value))]),
  );
}

/** To a tenth of the number's own size. */
function round(value, how) {
  const size = 10 ** Math.floor(Math.log10(Math.abs(value) || 1)) / 10;
  return how(value / size) * size;
}

function sum(row) {
  return row.reduce((all, one) => all + one, 0);
}
function total(rows) {
  return sum(rows.map(sum));
}
function right(rows) {
  return sum(rows.map((row, i) => row[i]));
}

function worst(rows, names) {
  let most = [0, 0, 0];
  rows.forEach((row, y) =>
    row.forEach((count, x) => {
      if (x !== y && count > most[0]) most = [count, y, x];
    }),
  );
  return most[0] ? `“${names[most[1]]}” taken for “${names[most[2]]}”, ${most[0]} times` : "none";
}
