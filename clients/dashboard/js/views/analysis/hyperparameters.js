// Each hyperparameter as a small picture; one of them large, with all that is known of it.
import { here, keep } from "../../address.js";
import { large } from "./hyperparameters/large.js";
import { multiples } from "./hyperparameters/multiples.js";

export async function hyperparametersTab({ place, search, trials, query }) {
  let inner = null,
    shown = null;
  function show(name) {
    shown = name;
    inner?.end();
    inner = (name ? large : multiples)({ place, search, trials, query: here().query, name, open });
  }
  function open(name) {
    const left = shown;
    keep({ hp: name, min: null, max: null });
    show(name);
    // What was pressed is gone: the focus goes to the way back, or to the one that was left.
    if (name) place.querySelector("button").focus({ preventScroll: true });
    else inner.focus(left);
    place.querySelector("h2, h3, select")?.scrollIntoView({ block: "nearest" });
  }
  show(query.get("hp"));
  return {
    async refresh(next) {
      search = next;
      // What appears with the first trials: hyperparameters that nobody had until now.
      if (!inner.refresh(next)) show(shown);
    },
    end() {
      inner.end();
    },
  };
}
