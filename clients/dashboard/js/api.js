// The public REST API, as every other client sees it. The session cookie is set by the one-time link.

/** A refusal of the API: problem details with their `code`, and one line a person can act on. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `the service answered ${status}`);
    this.status = status;
    this.code = body.code;
    /** Faults of single fields: `[{pointer, code, detail}]`. */
    this.errors = body.errors ?? [];
  }
}

/** JSON of `GET path`, with query parameters; null and undefined ones are left out, lists are repeated. */
export async function get(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined) query.append(name, one);
  }
  return answer(await fetch(query.size ? `${path}?${query}` : path, { headers: { Accept: "application/json" } }));
}

/** The text of `GET path` as it came: what is copied from it keeps how its numbers are written (1.0 is not 1 everywhere). */
export async function getText(path) {
  const response = await fetch(path, { headers: { Accept: "application/json" } });
  return response.ok ? response.text() : answer(response);
}

/** JSON of another method; `body` is sent as JSON, a `FormData` or a `Blob` as it is. */
export async function send(method, path, body, headers = {}) {
  const form = body instanceof FormData || body instanceof Blob;
  return answer(
    await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(body === undefined || form ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined || form ? body : JSON.stringify(body),
    }),
  );
}

/** A file as `{blob, name}`, with the name that the service gives it. */
export async function file(path) {
  const response = await fetch(path);
  if (!response.ok) return answer(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return { blob: await response.blob(), name };
}

async function answer(response) {
  if (response.status === 204) return null;
  const text = await response.text();
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    /* a proxy's page: the status says enough */
  }
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}

/** All items of a list, page by page, at most `most`. */
export async function all(path, parameters = {}, most = 1000) {
  const items = [];
  let token = null;
  do {
    const page = await get(path, { ...parameters, page_token: token });
    items.push(...page.items);
    token = page.next_page_token;
  } while (token && items.length < most);
  return items;
}

/** Calls `heard` for each event; the browser reconnects and resumes by itself. Returns a function that ends it. */
export function listen(path, kinds, heard, status) {
  const source = new EventSource(path);
  source.addEventListener("open", () => status(true));
  source.addEventListener("error", () => status(false));
  for (const kind of kinds) source.addEventListener(kind, (event) => heard(kind, JSON.parse(event.data)));
  return () => source.close();
}
