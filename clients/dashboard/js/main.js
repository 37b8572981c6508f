// Chooses the page from the address and ends it when another is shown.
import { here } from "./address.js";
import { Problem } from "./api.js";
import { el, fill } from "./dom.js";
import { loaded, NotLoaded } from "./loaded.js";
import { themeButton } from "./theme.js";
/**
 * A page is `async ({main, path, query, live}) => end`: it fills `main` (a place of its own, in the document), tells `live(true|false)` whether it is
 * connected, and answers a function that ends its streams and figures. It is called anew for each address; a page that
 * changes only its own query uses `keep()` and is not. The function may have a `moved({path, query})`, which answers true when the page has
 * shown another of its own addresses by itself (another tab, say).
 */
const compare = () => import("./views/compare.js").then((view) => view.comparePage);
const datasets = () => import("./views/datasets.js").then((view) => view.datasetsPage);
const dataset = () => import("./views/datasets.js").then((view) => view.datasetPage);
const final = () => import("./views/jobs.js").then((view) => view.finalPage);
const rangeTest = () => import("./views/jobs.js").then((view) => view.rangeTestPage);
const search = () => import("./views/search.js").then((view) => view.searchPage);
const searches = () => import("./views/searches.js").then((view) => view.searchesPage);
const submit = () => import("./views/submit.js").then((view) => view.submitPage);
const trial = () => import("./views/trial.js").then((view) => view.trialPage);
const workers = () => import("./views/workers.js").then((view) => view.workersPage);

/** What fetches the page of an address: only the page that is shown is loaded. */
const PAGES = {
  "": () => searches,
  searches: ([, id]) => (id ? search : searches),
  trials: ([, id]) => (id ? trial : null),
  compare: () => compare,
  new: () => submit,
  datasets: ([, id]) => (id ? dataset : datasets),
  workers: () => workers,
  final: ([, id]) => (id ? final : null),
  "range-tests": ([, id]) => (id ? rangeTest : null),
};

const main = document.getElementById("main");
const sign = document.getElementById("live");
let end = () => {};
let shown = 0;

function live(on) {
  sign.classList.toggle("on", on);
  sign.textContent = on ? "live" : "not connected";
}

function failed(error) {
  if (error instanceof Problem && error.status === 401) {
    fill(
      main,
      el(
        "div",
        { class: "card hollow" },
        el("h1", {}, "Please sign in"),
        el(
          "p",
          {},
          "Open the one-time link that ",
          el("code", {}, "headstock up"),
          " printed, or make a new one with ",
          el("code", {}, "headstock dashboard"),
          ".",
        ),
      ),
    );
    return;
  }
  if (!(error instanceof Problem || error instanceof NotLoaded)) console.error(error);
  refuse(error.message);
}

function refuse(message) {
  fill(
    main,
    el("div", { class: "fault-box", role: "alert" }, message),
    el("p", {}, el("a", { href: "#/" }, "All searches")),
  );
}

function mark(page) {
  const current = { "": "searches", trials: "searches", final: "searches", "range-tests": "searches" }[page] ?? page;
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.dataset.page === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function show() {
  const turn = ++shown;
  document.title = "Headstock";
  end();
  end = () => {};
  const { path, query } = here();
  mark(path[0] ?? "");
  const fetching = PAGES[path[0] ?? ""]?.(path);
  if (!fetching) {
    refuse("There is no such page.");
    return;
  }
  // A place of its own: what a page that was left still draws lands nowhere.
  const place = el("div", { class: "page" });
  fill(main, place);
  try {
    const page = await loaded(fetching);
    if (turn !== shown) return;
    const ended = await page({
      main: place,
      path,
      query,
      live: (on) => {
        if (turn === shown) live(on);
      },
    });
    if (turn === shown) end = ended;
    else ended();
  } catch (error) {
    if (turn === shown) failed(error);
  }
}

themeButton(document.getElementById("theme"));
// An address behind # is a page's: the link to the content is followed by hand.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => {
  if (end.moved?.(here())) return;
  show();
  main.focus({ preventScroll: true });
});
show();
