// Which hyperparameters matter: bars, and what pairs explain beyond both.
import { keep } from "../../address.js";
import { get } from "../../api.js";
import { figure } from "../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../charts/parts.js";
import { pick, segments } from "../../components/controls.js";
import { el, fill } from "../../dom.js";
import { number } from "../../format.js";
import { base, labelled, metricNames, picture, question, tabAddress } from "./common.js";

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

export async function importanceTab({ place, search, trials, query }) {
  const state = {
    method: query.get("method") ?? "fanova",
    metric: query.get("metric") ?? search.objective.name,
    at: query.get("at") ?? "best",
  };
  const lead = el("div", { class: "card verdict-card", "aria-live": "polite" });
  const asked = question({
    search,
    pause: 8000,
    ask: () => get(`${base(search)}/importance`, state),
    show,
    fail: (error) => {
      const text = `${error.message}.${state.method === "fanova" ? " PED-ANOVA is quicker: choose it above." : ""}`;
      bars.fail(text);
      pairs.fail(text);
      fill(lead, el("p", { class: "lead" }, text));
    },
  });
  const change = (next) => {
    Object.assign(state, next);
    keep(next);
    bars.busy();
    pairs.busy();
    asked.now();
  };
  const openOne = (name) => {
    location.hash = tabAddress(search, "hyperparameters", {
      hp: name,
      metric: state.metric === search.objective.name ? null : state.metric,
    });
  };
  const contourOf = ([x, y]) =>
    tabAddress(search, "contour", { x, y, metric: state.metric === search.objective.name ? null : state.metric });

  const bars = figure({
    title: "What each hyperparameter explains",
    size: "tall",
    describe: (found) =>
      `Importance for ${found.metric.name}: ${found.hyperparameters.map((each) => `${each.name} ${percent(each.share)}`).join(", ")}.`,
    option: (found, ink) => {
      if (!found.hyperparameters.length) return null;
      const shown = [...found.hyperparameters].reverse();
      const spread = found.method === "fanova" && shown.some((each) => each.conditional);
      return {
        grid: room({ left: 8, right: 64, top: 8, bottom: 44, containLabel: true }),
        xAxis: axis(
          ink,
          found.method === "fanova"
            ? `share of the variance of ${found.metric.name}`
            : `share of what sets the best apart in ${found.metric.name}`,
          {
            min: 0,
            scale: false,
            splitLine: { show: true, lineStyle: { color: ink.line } },
            axisLabel: { color: ink.soft, formatter: (value) => `${Math.round(100 * value)} %` },
          },
        ),
        yAxis: axis(ink, "", {
          kind: "category",
          side: "y",
          values: shown.map((each) => each.name),
          axisLabel: { color: ink.ink, fontSize: 13, width: 180, overflow: "truncate" },
        }),
        tooltip: tooltip(ink, (told) => {
          const each = shown[told.dataIndex];
          return tip(each.name, [
            ["share", percent(each.share)],
            ...(each.share_where_active === null ? [] : [["where active", percent(each.share_where_active)]]),
            ["active in trials", each.trials],
          ]);
        }),
        series: [
          {
            type: "bar",
            data: shown.map((each) => ({ value: each.share, name: each.name })),
            barMaxWidth: 30,
            cursor: "pointer",
            itemStyle: { color: ink.c1, borderRadius: [0, 3, 3, 0] },
            label: { show: true, position: "right", color: ink.ink, formatter: ({ value }) => percent(value) },
          },
          ...(spread
            ? [
                {
                  type: "scatter",
                  symbol: "rect",
                  symbolSize: [3, 22],
                  data: shown
                    .map((each, at) => (each.conditional ? [each.share_where_active, at] : null))
                    .filter(Boolean),
                  itemStyle: { color: ink.c2 },
                  z: 5,
                  silent: true,
                },
              ]
            : []),
        ],
      };
    },
    table: (found) => ({
      columns: ["hyperparameter", "share", "share where active", "active in trials"],
      rows: found.hyperparameters.map((each) => [
        el("a", { href: tabAddress(search, "hyperparameters", { hp: each.name }) }, each.name),
        each.share,
        each.share_where_active,
        each.trials,
      ]),
    }),
    picture: (found) => (found.hyperparameters.length ? picture(search, "importance", state) : null),
    under: (found) =>
      found.hyperparameters.some((each) => each.conditional) && found.method === "fanova"
        ? "The upright mark is the share among the trials in which a conditional hyperparameter is active. Choose a bar to see the hyperparameter."
        : found.hyperparameters.length
          ? "Choose a bar to see the hyperparameter."
          : null,
    empty: (found) => why(found),
    clicked: (event) => openOne(event.name),
  });

  const pairs = figure({
    title: "What pairs explain beyond both",
    size: "tall",
    describe: (found) =>
      found.pairs.length
        ? `Pairs: ${found.pairs
            .slice(0, 5)
            .map((each) => `${each.names.join(" with ")} ${percent(each.share)}`)
            .join(", ")}.`
        : "No pairs.",
    option: (found, ink) => {
      if (!found.pairs.length) return null;
      const names = [
        ...new Set(
          found.hyperparameters
            .map((each) => each.name)
            .filter((name) => found.pairs.some((pair) => pair.names.includes(name))),
        ),
      ];
      const cellsOf = found.pairs.map((pair) => {
        const [a, b] = pair.names.map((name) => names.indexOf(name)).sort((one, two) => one - two);
        return { value: [a, b - 1, pair.share], names: pair.names };
      });
      const most = Math.max(...found.pairs.map((pair) => pair.share), 1e-6);
      const look = { color: ink.soft, fontSize: 12, width: 110, overflow: "truncate" };
      return {
        grid: { left: 8, right: 16, top: 8, bottom: 52, containLabel: true },
        xAxis: axis(ink, "", {
          kind: "category",
          values: names.slice(0, -1),
          axisLabel: { ...look, rotate: names.length > 4 ? 30 : 0, interval: 0 },
          axisLine: { show: false },
        }),
        yAxis: axis(ink, "", {
          kind: "category",
          side: "y",
          values: names.slice(1),
          inverse: true,
          axisLabel: { ...look, interval: 0 },
          splitLine: { show: false },
        }),
        visualMap: {
          type: "continuous",
          min: 0,
          max: most,
          calculable: false,
          show: false,
          dimension: 2,
          inRange: { color: [ink.sunk, ink.c1] },
        },
        tooltip: tooltip(ink, (told) =>
          tip(told.data.names.join(" with "), [
            ["beyond both", percent(told.data.value[2])],
            ["", "Choose for the contour"],
          ]),
        ),
        series: [
          {
            type: "heatmap",
            data: cellsOf,
            cursor: "pointer",
            itemStyle: { borderColor: ink.card, borderWidth: 2 },
            emphasis: { itemStyle: { borderColor: ink.accent } },
            label: {
              show: true,
              color: ink.ink,
              textBorderColor: ink.card,
              textBorderWidth: 3,
              formatter: ({ value }) => percent(value[2]),
            },
          },
        ],
      };
    },
    table: (found) => ({
      columns: ["pair", "share beyond both", "share where active", "trials"],
      rows: found.pairs.map((pair) => [
        el("a", { href: contourOf(pair.names) }, pair.names.join(" with ")),
        pair.share,
        pair.share_where_active,
        pair.trials,
      ]),
    }),
    under: (found) => (found.pairs.length ? "Choose a pair to see the metric over both." : null),
    empty: (found) =>
      found?.method === "ped_anova" && found.hyperparameters.length
        ? "PED-ANOVA says nothing about pairs: choose fANOVA."
        : why(found),
    clicked: (event) => {
      if (event.data?.names) location.hash = contourOf(event.data.names);
    },
  });

  function why(found) {
    return found?.note ? `There is nothing to say yet: ${found.note}.` : "There is nothing to say yet.";
  }

  function show(found) {
    bars.update(found);
    pairs.update(found);
    const [first, second] = found.hyperparameters;
    const strong = found.hyperparameters.filter((each) => each.share >= 0.05).length;
    fill(
      lead,
      first
        ? [
            el(
              "p",
              { class: "lead" },
              el("a", { href: tabAddress(search, "hyperparameters", { hp: first.name }) }, first.name),
              ` matters most for ${found.metric.name}: it explains ${percent(first.share)}`,
              found.method === "fanova"
                ? " of the variance between trials by itself"
                : " of what sets the best trials apart from all others",
              second
                ? [
                    ", then ",
                    el("a", { href: tabAddress(search, "hyperparameters", { hp: second.name }) }, second.name),
                    ` with ${percent(second.share)}`,
                  ]
                : "",
              ". ",
              strong < found.hyperparameters.length && strong > 0
                ? `${found.hyperparameters.length - strong} of ${found.hyperparameters.length} explain less than 5 %: they can be fixed.`
                : "",
            ),
            el(
              "p",
              { class: "note" },
              `From ${number(found.trials)} scored trials, at the ${found.at} epoch.`,
              found.note ? ` Take care: ${found.note}.` : "",
            ),
            el("details", {}, el("summary", {}, "What a share means"), el("p", { class: "note" }, found.description)),
          ]
        : el("p", { class: "lead" }, why(found), " Each ended trial with a score counts."),
    );
  }

  fill(
    place,
    el(
      "div",
      { class: "row chooser" },
      segments(
        "Method",
        [
          ["fanova", "Over the whole space (fANOVA)"],
          ["ped_anova", "For being among the best (PED-ANOVA)"],
        ],
        state.method,
        (method) => change({ method }),
      ),
      labelled(
        "Metric",
        pick("Metric", metricNames(search, trials), state.metric, (metric) => change({ metric })),
      ),
      labelled(
        "at the",
        pick(
          "Epoch",
          [
            ["best", "best epoch"],
            ["last", "last epoch"],
          ],
          state.at,
          (at) => change({ at }),
        ),
      ),
    ),
    lead,
    el("div", { class: "grid" }, bars.node, pairs.node),
  );
  fill(lead, el("p", { class: "note" }, "Working it out …"));
  bars.busy();
  pairs.busy();
  asked.now();
  return {
    async refresh(now) {
      asked.refresh(now);
    },
    end() {
      asked.end();
      bars.end();
      pairs.end();
    },
  };
}
