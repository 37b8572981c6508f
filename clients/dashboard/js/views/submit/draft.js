// What is being written stays on this browser until it is submitted or thrown away.
const KEY = "headstock.draft";

/** `{text, origin, kept, idempotencyKey, sent}`, or null. */
export function kept() {
  try {
    const draft = JSON.parse(localStorage.getItem(KEY));
    return typeof draft?.text === "string" ? draft : null;
  } catch {
    return null;
  }
}

/** Keeps a draft; a full or forbidden store is no reason to stop working. */
export function keepDraft(draft) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...draft, kept: new Date().toISOString() }));
  } catch {
    /* see above */
  }
}

export function dropDraft() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    /* see above */
  }
}

/** A key under which one document may be posted again without making a second search. `crypto.randomUUID` is for https only. */
export function freshKey() {
  return `form-${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
