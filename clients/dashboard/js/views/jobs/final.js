// What a final training came to: how the model does on the test part, and the model to take home.
import { address } from "../../address.js";
import { copyButton, downloadButton, fact, menu } from "../../components/controls.js";
import { el } from "../../dom.js";
import { bytes, duration, number, time } from "../../format.js";
import { outputParts } from "./outputs.js";
import { pairs } from "./pairs.js";

/** `{nodes, end}` of a job that has a report. */
export function finalParts(job) {
  const { test } = job.report;
  const outputs = (test?.outputs ?? []).map((output) => outputParts(output, job));
  return {
    nodes: [
      facts(job),
      test ? null : untested(),
      notes(job.report.notes),
      el("div", { class: "grid" }, takeHome(job), trained(job)),
      outputs.map((output) => output.nodes),
    ],
    end() {
      for (const { figures } of outputs) for (const one of figures) one.end();
    },
  };
}

function facts({ report, source }) {
  const tested = report.test;
  return el(
    "div",
    { class: "facts" },
    Object.entries(tested?.metrics ?? {}).map(([name, value]) => fact(`${name}, test part`, number(value))),
    fact(`${source.objective.name} in the search`, number(source.score)),
    fact("rows trained on", number(report.training.rows)),
    tested ? fact("rows tested", number(tested.rows)) : null,
    fact("parameters", number(report.model.parameters)),
    fact("training took", duration(report.training.seconds)),
  );
}

function untested() {
  return el(
    "div",
    { class: "warn-box" },
    "The data set has no test part, so nobody knows how the model does on rows it has not seen. Give the search a test_split, or upload a test part.",
  );
}

function notes(list) {
  if (!list?.length) return null;
  const text = (note) => (typeof note === "string" ? note : (note.message ?? JSON.stringify(note)));
  return el(
    "ul",
    { class: "warn-box" },
    list.map((note) => el("li", {}, text(note))),
  );
}

function takeHome({ id, report: { model } }) {
  const base = `/v1/final/${encodeURIComponent(id)}`;
  return el(
    "div",
    { class: "card job-part" },
    el("div", { class: "head" }, el("h2", {}, "Take it home")),
    el("p", {}, "The bundle has the model, its preprocessing and a script: it predicts without this service."),
    el(
      "div",
      { class: "row" },
      downloadButton("Bundle (zip)", `${base}/bundle`, "bundle.zip", { primary: true }),
      downloadButton(`Model (${bytes(model.size_bytes)})`, `${base}/model`, model.file),
      downloadButton("Model card", `${base}/card`, "model-card.md"),
      menu("Report", [el("a", { href: `${base}/report`, download: "report.json" }, "JSON")]),
    ),
    el("p", { class: "small note" }, "sha256 of the model: ", el("code", { class: "wrap-anywhere" }, model.sha256)),
  );
}

function trained({ report, source, ended_at: ended }) {
  return el(
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
      ["trained", time(ended)],
    ]),
    el(
      "p",
      { class: "small note" },
      "From ",
      el("a", { href: address(["trials", source.trial_id]) }, `trial ${source.trial_number}`),
      " of ",
      el("a", { href: address(["searches", source.search_id]) }, source.search_name),
      ".",
    ),
  );
}
