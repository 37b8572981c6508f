import { el, fill } from "../dom.js";

export async function submitPage({ main, live }) {
  live(true);
  fill(main, el("h1", {}, "submit"));
  return () => {};
}
