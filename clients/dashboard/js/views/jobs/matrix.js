// A confusion matrix as a figure.
import { figure } from "../../charts/figure.js";
import { axis, room, tip, tooltip } from "../../charts/parts.js";
import { number } from "../../format.js";

export function matrixFigure(title, output, job) {
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
  return most[0]
    ? `“${names[most[1]]}” taken for “${names[most[2]]}”, ${most[0] === 1 ? "once" : `${most[0]} times`}`
    : "none";
}
