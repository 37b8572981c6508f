// Addresses inside the dashboard: `#/searches/<id>/trials?state=FAILED` is path ["searches", id, "trials"] and a query.

/** The present address as `{path, query}`. */
export function here() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

/** The address of a page, for `href`; null and undefined query values are left out, lists are repeated. */
export function address(path, query = {}) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined && one !== "") words.append(name, one);
  }
  const text = path.map(encodeURIComponent).join("/");
  return `#/${text}${words.size ? `?${words}` : ""}`;
}

/** Changes the query of the present address without leaving the page: what is chosen can be linked to and reloaded. */
export function keep(query) {
  const now = here();
  const merged = {
    ...Object.fromEntries([...now.query.keys()].map((name) => [name, now.query.getAll(name)])),
    ...query,
  };
  history.replaceState(null, "", address(now.path, merged));
}
