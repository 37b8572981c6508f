// Searches side by side, or trials: what was reached, what it cost, and in which values they differ.
import { here } from "../address.js";
import { el, fill } from "../dom.js";
import { compareSearches } from "./compare/searches.js";
import { compareTrials } from "./compare/trials.js";

/** `#/compare?id=..&id=..` compares searches, `#/compare?trial=..&trial=..` trials. */
export async function comparePage({ main, query, live }) {
  const ofTrials = query.has("trial");
  const place = el("div");
  fill(
    main,
    el(
      "div",
      { class: "page-head" },
      el("h1", {}, ofTrials ? "Compare trials" : "Compare searches"),
      ofTrials ? el("a", { href: "#/compare" }, "Compare searches instead") : null,
    ),
    place,
  );
  let inner = null,
    over = false;
  // Both are drawn anew when one is added or left out, without the page being left.
  async function draw() {
    const ids = here().query.getAll(ofTrials ? "trial" : "id");
    inner?.end();
    inner = null;
    const made = await (ofTrials ? compareTrials : compareSearches)({
      place,
      ids,
      query: here().query,
      live,
      again,
    });
    if (over) made.end();
    else inner = made;
  }
  /** After one was added or left out: what was pressed is gone. The field would open its list, so it comes second. */
  async function again() {
    await draw();
    place.querySelector(".compared a, [role=combobox]")?.focus();
  }
  await draw();
  return () => {
    over = true;
    inner?.end();
  };
}
