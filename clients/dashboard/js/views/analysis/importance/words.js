// How importances are written.

/** A share from 0 to 1, small ones with a decimal. */
export function share(value) {
  return `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)} %`;
}

/** Why there are no importances. */
export function why(found) {
  return found?.note ? `There is nothing to say yet: ${found.note}.` : "There is nothing to say yet.";
}
