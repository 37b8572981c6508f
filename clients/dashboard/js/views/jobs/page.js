// What the pages of final trainings and range tests have in common: state, progress, why it failed, and then the result.
import { address } from "../../address.js";
import { Problem, get, listen, send } from "../../api.js";
import { confirmed } from "../../components/confirm.js";
import { state } from "../../components/controls.js";
import { tell } from "../../components/toast.js";
import { el, fill } from "../../dom.js";
import { SEARCH_KINDS, TRIAL_KINDS } from "../../events.js";
import { refresher } from "../../refresh.js";
import { ENDED } from "../../states.js";

/** A page; `base` is the job's address in the API, `what` its name for people, and `parts(job)` gives `{nodes, end}` once it has a result. */
export async function jobPage({ main, live, base, what, parts }) {
  const head = el("div"),
    place = el("div", { class: "stack" });
  let job = await get(base),
    shown = null,
    told = "";
  fill(main, head, place);

  function draw() {
    const sign = JSON.stringify([job.state, job.progress, job.failure, job.elapsed_seconds]);
    if (sign !== told) {
      told = sign;
      const held = head.contains(document.activeElement);
      fill(head, headOf(job, what, { cancel, remove }));
      if (held) (head.querySelector("button") ?? main).focus();
    }
    const ready = job.report ?? (job.rates?.length ? job : null);
    if (ready && !shown) {
      shown = parts(job);
      fill(place, shown.nodes);
    }
  }

  async function cancel() {
    if (!(await confirmed("End it for good? What it has trained is lost.", "Cancel it"))) return;
    try {
      await send("POST", `/v1/searches/${encodeURIComponent(job.id)}/cancel`);
      redraw.soon();
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  async function remove() {
    if (!(await confirmed("Delete it with its report and files? This cannot be taken back.", "Delete it"))) return;
    try {
      await send("DELETE", `/v1/searches/${encodeURIComponent(job.id)}`);
      location.hash = "#/";
    } catch (error) {
      tell(error.message, "bad");
    }
  }

  const redraw = refresher(async () => {
    try {
      job = await get(base);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) redraw.end();
      throw error;
    }
    draw();
  });
  draw();
  const close = listen(
    `/v1/searches/${encodeURIComponent(job.id)}/events`,
    [...SEARCH_KINDS, ...TRIAL_KINDS],
    redraw.soon,
    (on) => {
      live(on);
      if (on) redraw.soon();
    },
  );
  return () => {
    redraw.end();
    close();
    shown?.end();
  };
}

function headOf(job, what, { cancel, remove }) {
  const open = !ENDED.includes(job.state),
    { source } = job;
  const title = source ? `Final training of trial ${source.trial_number}` : job.name;
  const act = (label, onclick) => el("button", { type: "button", class: "danger", onclick }, label);
  return [
    el(
      "nav",
      { class: "crumbs", "aria-label": "Where you are" },
      el("a", { href: "#/" }, "Searches"),
      " / ",
      source ? [el("a", { href: address(["searches", source.search_id]) }, source.search_name), " / "] : null,
      what,
    ),
    el(
      "div",
      { class: "page-head" },
      el("h1", {}, title, " ", state(job.state, job.state_reason?.message)),
      open ? act("Cancel", cancel) : act("Delete", remove),
    ),
    open ? [progress(job), waiting(job)] : null,
    job.failure ? failed(job.failure) : null,
  ];
}

function progress(job) {
  return el("p", {}, el("progress", { max: 1, value: job.progress ?? 0, "aria-label": "Progress" }));
}

function waiting(job) {
  const text =
    job.state === "QUEUED"
      ? "It waits for its turn on a worker."
      : "It is trained now; the result stands here when it is done.";
  return el("p", { class: "note" }, text);
}

function failed({ code, message }) {
  return el("div", { class: "fault-box", role: "alert" }, el("b", {}, code), " ", message);
}
