// How many trials have which verdict, as bars that can be chosen.
import { figure } from "../../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../../charts/parts.js";
import { VERDICTS, spoken } from "./verdicts.js";

const COLOURS = {
  diverged: "bad",
  overfitting: "c2",
  underfitting: "c5",
  oscillating: "c4",
  still_improving: "c1",
  healthy: "ok",
  unknown: "c8",
};

/** The figure; its data are counts by verdict. `state.verdict` is the one that is chosen, `chose(verdict)` is told of a click. */
export function verdictBars({ state, chose }) {
  return figure({
    title: "Trials by verdict",
    describe: (counts) =>
      `Verdicts: ${VERDICTS.filter((each) => counts[each])
        .map((each) => `${spoken(each)} ${counts[each]}`)
        .join(", ")}.`,
    option: (counts, ink) => option(counts, state.verdict, ink),
    table: (counts) => ({ columns: ["verdict", "trials"], rows: VERDICTS.map((each) => [spoken(each), counts[each]]) }),
    under: () => "Choose a bar to list its trials.",
    empty: () => "No trial has ended yet. A verdict takes four epochs.",
    clicked: (event) => chose(event.data.verdict),
  });
}

function option(counts, chosen, ink) {
  const shown = VERDICTS.filter((each) => counts[each]).reverse();
  if (!shown.length) return null;
  return {
    grid: room({ left: 8, right: 56, top: 4, bottom: 40, containLabel: true }),
    xAxis: axis(ink, "trials", {
      min: 0,
      scale: false,
      whole: true,
      splitLine: { show: true, lineStyle: { color: ink.line } },
    }),
    yAxis: axis(ink, "", {
      kind: "category",
      side: "y",
      values: shown.map(spoken),
      axisLabel: { color: ink.ink, fontSize: 13 },
      splitLine: { show: false },
    }),
    tooltip: tooltip(ink, (told) => tip(spoken(shown[told.dataIndex]), [["trials", told.value]])),
    series: [
      {
        type: "bar",
        cursor: "pointer",
        barMaxWidth: 28,
        label: { show: true, position: "right", color: ink.ink },
        data: shown.map((each) => ({
          value: counts[each],
          verdict: each,
          itemStyle: {
            color: ink[COLOURS[each]],
            opacity: !chosen || chosen === each ? 1 : 0.3,
            borderRadius: [0, 3, 3, 0],
          },
        })),
      },
    ],
  };
}
