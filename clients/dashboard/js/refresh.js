// Redraws at most every `pause` milliseconds however fast events arrive, and never twice at once.

/** Returns `{soon, end}`: `soon()` asks for a redraw, `end()` stops all further ones. */
export function refresher(draw, pause = 700) {
  let timer = null,
    busy = false,
    again = false,
    ended = false;
  async function run() {
    timer = null;
    if (ended) return;
    busy = true;
    try {
      await draw();
    } catch {
      /* the next event tries again; a lost session shows at the next page */
    }
    busy = false;
    if (again) {
      again = false;
      soon();
    }
  }
  function soon() {
    if (ended || timer !== null) return;
    if (busy) {
      again = true;
      return;
    }
    timer = setTimeout(run, pause);
  }
  return {
    soon,
    end() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
