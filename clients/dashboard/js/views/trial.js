import { el, fill } from "../dom.js";

export async function trialPage({ main, live }) {
  live(true);
  fill(main, el("h1", {}, "trial"));
  return () => {};
}
