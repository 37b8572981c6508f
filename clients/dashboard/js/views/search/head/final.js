// The final training of a search's best trial, in one line, followed until it has ended.
import { address } from "../../../address.js";
import { get, listen } from "../../../api.js";
import { state } from "../../../components/controls.js";
import { el, fill } from "../../../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../../../events.js";
import { values } from "../../../format.js";
import { refresher } from "../../../refresh.js";
import { ENDED } from "../../../states.js";

/** `node`; `find()` looks for one, `follow(job)` shows one and keeps it fresh; `end()`. */
export function finalLine({ search }) {
  const node = el("div", { class: "search-final", "aria-live": "polite" });
  let job = null,
    close = () => {};

  function follow(made) {
    close();
    job = made;
    fill(node, lineOf(job));
    if (ENDED.includes(made.state)) return;
    const again = refresher(async () => {
      job = await get(`/v1/final/${encodeURIComponent(made.id)}`);
      fill(node, lineOf(job));
      if (ENDED.includes(job.state)) close();
    });
    const events = `/v1/searches/${encodeURIComponent(made.id)}/events`;
    const silence = listen(events, [...TRIAL_KINDS, ...SEARCH_KINDS], again.soon, again.soon);
    close = () => {
      close = () => {};
      again.end();
      silence();
    };
  }

  return {
    node,
    follow,
    async find() {
      const found = (await get("/v1/final", { limit: 100 })).items.find((one) => one.source.search_id === search.id);
      if (!found || job) return;
      follow(found.state === "COMPLETED" ? await get(`/v1/final/${encodeURIComponent(found.id)}`) : found);
    },
    end: () => close(),
  };
}

function lineOf(job) {
  const open = !ENDED.includes(job.state),
    tested = job.report?.test?.metrics;
  const bundle = () =>
    el("a", { href: job.links?.bundle ?? `/v1/final/${job.id}/bundle`, download: "" }, "Bundle that predicts (zip)");
  return el(
    "p",
    { class: "final-line" },
    el("b", {}, "Final training"),
    " of trial ",
    String(job.source.trial_number),
    " ",
    state(job.state),
    " ",
    open ? el("progress", { max: 1, value: job.progress ?? 0, "aria-label": "Progress of the final training" }) : null,
    tested ? el("span", { class: "note" }, `on the test part: ${values(tested)}`) : null,
    job.failure ? el("span", { class: "note" }, job.failure.message) : null,
    el("a", { href: address(["final", job.id]) }, "Report"),
    job.state === "COMPLETED" ? bundle() : null,
  );
}
