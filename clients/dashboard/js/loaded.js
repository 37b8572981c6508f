// Parts of the dashboard that are fetched when they are first shown.

/**
 * What `fetching` fetches: `() => import("./part.js").then((part) => part.name)`.
 *
 * A part can be missing when the service is down, or was replaced by another version since the page was opened; the error
 * says so, in place of the browser's words.
 */
export async function loaded(fetching) {
  try {
    return await fetching();
  } catch (error) {
    // A fault in the part itself is a fault of ours, and is told of as it is.
    if (!/dynamically imported module|Importing a module/.test(error.message)) throw error;
    throw new NotLoaded(error);
  }
}

/** A part could not be fetched. */
export class NotLoaded extends Error {
  constructor(cause) {
    super("This part of the page could not be loaded: the service does not answer, or was updated. Reload the page.", {
      cause,
    });
  }
}
