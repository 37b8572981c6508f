// The data sets a search can name.
import { get } from "../api.js";
import { el, fill } from "../dom.js";
import { number, time } from "../format.js";

export async function datasetsPage({ main, live }) {
  const items = (await get("/v1/datasets", { limit: 200 })).items;
  live(true);
  fill(main, el("h1", {}, "Data sets"), items.length ? table(items) : el("div", { class: "card" },
    el("p", {}, "None is stored yet. Built-in ones, such as ", el("code", {}, "digits"), ", are prepared when a search first names them; upload your own:"),
    el("pre", {}, "headstock datasets add images.npz --name images")));
  return () => {};
}

function table(items) {
  const head = ["Name", "Task", "Input shape", "Classes", "Training rows", "Scale", "Source", "Added"];
  return el("div", { class: "card scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col", class: ["Classes", "Training rows"].includes(name) ? "num" : null }, name)))),
    el("tbody", {}, items.map((set) => el("tr", {},
      el("td", {}, set.name), el("td", {}, set.task), el("td", { class: "mono" }, `(${set.input_shape.join(", ")})`),
      el("td", { class: "num" }, number(set.num_classes)), el("td", { class: "num" }, number(set.train_rows)),
      el("td", {}, set.scale), el("td", {}, set.source), el("td", {}, time(set.created_at)))))));
}

/** One data set. */
export async function datasetPage({ main, path, live }) {
  const set = await get(`/v1/datasets/${encodeURIComponent(path[1])}`);
  live(true);
  fill(main, el("h1", {}, set.name), el("div", { class: "card scroll" }, table([set])));
  return () => {};
}
