import { el, fill } from "../dom.js";

export async function comparePage({ main, live }) {
  live(true);
  fill(main, el("h1", {}, "compare"));
  return () => {};
}
