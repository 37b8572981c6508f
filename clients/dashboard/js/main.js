// Chooses the page from the address (`#/searches/<id>`) and keeps it fresh while it is shown.
import { Problem } from "./api.js";
import { el, fill } from "./dom.js";
import { datasetsPage } from "./views/datasets.js";
import { searchPage } from "./views/search.js";
import { searchesPage } from "./views/searches.js";
import { workersPage } from "./views/workers.js";

const main = document.getElementById("main");
const live = document.getElementById("live");
let leave = () => {};
let shown = 0;

function setLive(on) {
  live.classList.toggle("on", on);
  live.textContent = on ? "live" : "not connected";
}

function failed(error) {
  if (error instanceof Problem && error.status === 401) {
    fill(main, el("h1", {}, "Please sign in"), el("p", {},
      "Open the one-time link that ", el("code", {}, "headstock up"), " printed, or make a new one with ",
      el("code", {}, "headstock dashboard"), "."));
    return;
  }
  fill(main, el("div", { class: "error", role: "alert" }, error.message), el("p", {}, el("a", { href: "#/" }, "All searches")));
}

async function show() {
  leave();
  leave = () => {};
  const turn = ++shown;
  const [page = "", id] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  for (const link of document.querySelectorAll("nav a")) {
    const current = link.dataset.page === (page || "searches");
    if (current) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  const build = { "": searchesPage, searches: id ? () => searchPage(main, id, setLive) : searchesPage, datasets: datasetsPage, workers: workersPage }[page];
  if (!build) { failed(new Error("There is no such page.")); return; }
  try {
    const end = page === "searches" && id ? await build() : await build(main, setLive);
    if (turn === shown) leave = end; else end();
  } catch (error) {
    failed(error);
  }
}

addEventListener("hashchange", () => { show(); main.focus({ preventScroll: true }); });
show();
