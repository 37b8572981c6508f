// Spark lines of best-so-far: read only for searches in sight, a few at a time, and kept until another trial has ended.
import { get } from "../../api.js";
import { spark } from "../../charts/spark.js";
import { fill } from "../../dom.js";
import { number } from "../../format.js";

const POINTS = 24,
  AT_ONCE = 4;
/** What was read, by search: kept while the dashboard is open, so that going back to the list is instant. */
const known = new Map();

/** `watch(search, place)` draws the line into `place` once it is in sight; to be called again when the search has changed. */
export function sparkLines() {
  const searches = new Map();
  const waiting = [];
  let busy = 0,
    ended = false;
  const sight = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const search = searches.get(target);
        if (!search) continue;
        target.inSight = isIntersecting;
        if (isIntersecting) want(target);
      }
    },
    { rootMargin: "120px" },
  );

  function want(place) {
    const search = searches.get(place);
    if (!search || known.get(search.id)?.ended === scored(search) || waiting.includes(place)) return;
    waiting.push(place);
    next();
  }

  async function next() {
    while (busy < AT_ONCE && waiting.length && !ended) {
      const place = waiting.shift(),
        search = searches.get(place);
      if (!search) continue;
      busy += 1;
      try {
        const trend = await get(`/v1/searches/${encodeURIComponent(search.id)}/trends/objective`, { points: POINTS });
        known.set(search.id, { ended: scored(search), points: trend.points, trials: trend.trials });
        if (!ended && searches.get(place)?.id === search.id) draw(place, search);
      } catch {
        /* deleted meanwhile, or not reachable: the next change asks again */
      }
      busy -= 1;
    }
  }

  function draw(place, search) {
    const kept = known.get(search.id);
    const sign = `${kept?.ended} ${scored(search) > 0}`;
    if (place.dataset.sign === sign) return;
    place.dataset.sign = sign;
    fill(place, kept && kept.points.length > 1 ? line(kept) : null);
  }

  return {
    watch(search, place) {
      searches.set(place, search);
      draw(place, search);
      if (!scored(search)) return;
      sight.observe(place);
      if (place.inSight) want(place);
    },
    forget(place) {
      searches.delete(place);
      sight.unobserve(place);
    },
    end() {
      ended = true;
      sight.disconnect();
    },
  };
}

function scored(search) {
  return search.trials.completed + search.trials.stopped;
}

function line({ points, trials }) {
  const best = points.map((point) => point.best);
  return spark(best, `Best so far from ${number(best[0])} to ${number(best.at(-1))} over ${number(trials)} trials`, {
    at: points.map((point) => point.epochs_spent),
    steps: true,
  });
}
