// Chooses the page from the address and ends it when another is shown.
import { here } from "./address.js";
import { Problem } from "./api.js";
import { el, fill } from "./dom.js";
import { themeButton } from "./theme.js";
import { comparePage } from "./views/compare.js";
import { datasetPage, datasetsPage } from "./views/datasets.js";
import { finalPage, rangeTestPage } from "./views/jobs.js";
import { searchPage } from "./views/search.js";
import { searchesPage } from "./views/searches.js";
import { submitPage } from "./views/submit.js";
import { trialPage } from "./views/trial.js";
import { workersPage } from "./views/workers.js";

/**
 * A page is `async ({main, path, query, live}) => end`: it fills `main` (a place of its own, in the document), tells `live(true|false)` whether it is
 * connected, and answers a function that ends its streams and figures. It is called anew for each address; a page that
 * changes only its own query uses `keep()` and is not. The function may have a `moved({path, query})`, which answers true when the page has
 * shown another of its own addresses by itself (another tab, say).
 */
const PAGES = {
  "": () => searchesPage,
  searches: ([, id]) => (id ? searchPage : searchesPage),
  trials: ([, id]) => (id ? trialPage : null),
  compare: () => comparePage,
  new: () => submitPage,
  datasets: ([, id]) => (id ? datasetPage : datasetsPage),
  workers: () => workersPage,
  final: ([, id]) => (id ? finalPage : null),
  "range-tests": ([, id]) => (id ? rangeTestPage : null),
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
  if (!(error instanceof Problem)) console.error(error);
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
  const page = PAGES[path[0] ?? ""]?.(path);
  if (!page) {
    refuse("There is no such page.");
    return;
  }
  // A place of its own: what a page that was left still draws lands nowhere.
  const place = el("div", { class: "page" });
  fill(main, place);
  try {
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
