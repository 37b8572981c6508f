/**
 * Client of Headstock, Keras Tuner as a service.
 *
 * `createClient` gives every operation of the REST API, typed from its OpenAPI document (`client.api`), and what takes
 * more than one request: `submit` with an idempotency key, `wait`, `events`, `pages`.
 */
import createApi, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type { components, operations, paths } from "./schema.js";

/** What the API sends and takes, by the names of its OpenAPI document. */
export type Schemas = components["schemas"];
export type Definition = Schemas["Definition"];
export type Search = Schemas["SearchDetailOut"];
export type Trial = Schemas["TrialOut"];
export type Epoch = Schemas["EpochOut"];
/** A wrong place in what was sent, as a JSON pointer, and what would be right. */
export type FieldError = Schemas["FaultOut"];

/** One change, as it was told. `seq` grows; it is what a later stream can go on after. */
export interface Event {
  seq: number;
  kind: string;
  search_id: string | null;
  trial_id: string | null;
  payload: Record<string, unknown>;
  recorded_at: string;
}

export interface Options {
  /** Address of the service, such as `http://127.0.0.1:8000`. */
  url: string;
  /** What opens it: `hs_...`. */
  token?: string;
  /** How requests are sent; the platform's `fetch` unless told otherwise. */
  fetch?: (request: Request) => Promise<Response>;
  retries?: Partial<Retries>;
  /** Most seconds that one try of a request may take (180: definitions are checked with Keras itself). */
  timeoutSeconds?: number;
}

/**
 * How often and how long a repeatable request is tried again. Repeatable are reads, and posts with an idempotency key;
 * nothing else is sent twice.
 */
export interface Retries {
  /** Tries in all (5). */
  attempts: number;
  /** Longest wait after the first try (0.25); each later one may be twice as long. */
  firstWaitSeconds: number;
  /** Where the growth ends, and the most that a `Retry-After` is honoured for (20). */
  longestWaitSeconds: number;
}

export interface WaitOptions {
  /** Seconds after which to give up; the search goes on. */
  timeoutSeconds?: number;
  /** Seconds between two looks (1). */
  pollSeconds?: number;
  signal?: AbortSignal;
}

export interface EventOptions {
  /** The events of one search, to its end; without it those of all searches, without end. */
  searchId?: string;
  /** Number of the last event already seen. Unless given: all of a search, or only those from now on. */
  after?: number;
  signal?: AbortSignal;
}

export interface Headstock {
  /** Every operation, by method and path. It tells of refusals in its answers; `ask` throws them. */
  readonly api: Client<paths, `${string}/${string}`>;
  /** Start a search. The key (one is made unless given) keeps repeats from starting two. */
  submit(definition: Definition, options?: { idempotencyKey?: string; signal?: AbortSignal }): Promise<Search>;
  /** The search, once it has ended as COMPLETED or CANCELLED. Throws `SearchFailed` and `WaitTimeout`. */
  wait(searchId: string, options?: WaitOptions): Promise<Search>;
  /** What happens, in order, none twice; a connection that breaks is opened again after the last event seen. */
  events(options?: EventOptions): AsyncGenerator<Event, void, undefined>;
}

/** Base of all errors of this library. */
export class HeadstockError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Nothing answered, or the connection broke; `cause` has the reason. */
export class Unreachable extends HeadstockError {}

/** What answered does not speak this API. */
export class UnexpectedAnswer extends HeadstockError {}

/** The service refused (RFC 9457). `code` is the stable word to branch on. */
export class HeadstockProblem extends HeadstockError {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** The wrong places, in the service's order. */
    readonly errors: readonly FieldError[],
    /** Whether the same request may succeed later unchanged. */
    readonly retryable: boolean,
    /** Under this the service's log has the request. */
    readonly requestId: string | null,
  ) {
    super([`${detail} (${code})`, ...errors.map((each) => `  ${each.pointer}: ${each.detail}`)].join("\n"));
  }
}

/** The search that was waited for ended as FAILED. */
export class SearchFailed extends HeadstockError {
  constructor(readonly search: Search) {
    const { id, state_reason: reason } = search;
    super(`search ${id} failed (${reason?.code ?? "unknown"}): ${reason?.message ?? "the service gave no reason"}`);
  }
}

/** The search had not ended in time. It goes on. */
export class WaitTimeout extends HeadstockError {}

/** What `openapi-fetch` answers. */
export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

const ENDED: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELLED"]);
const LAST_KINDS: ReadonlySet<string> = new Set(["search.completed", "search.failed", "search.cancelled"]);
// Several times the pause between the service's keep-alive comments: silence for longer means a dead connection.
const SILENCE_S = 60;

/** A client of one service. */
export function createClient(options: Options): Headstock {
  const retries = { attempts: 5, firstWaitSeconds: 0.25, longestWaitSeconds: 20, ...options.retries };
  const url = options.url.replace(/\/+$/, "");
  const plain = options.fetch ?? ((request: Request) => fetch(request));
  const headers: Record<string, string> = options.token ? { Authorization: `Bearer ${options.token}` } : {};
  const send = repeating(plain, retries, options.timeoutSeconds ?? 180);
  const api = createApi<paths>({ baseUrl: url, headers, fetch: send, redirect: "error" });

  const read = (id: string, signal?: AbortSignal) =>
    ask(api.GET("/v1/searches/{search_id}", { params: { path: { search_id: id } }, ...given({ signal }) }));

  return {
    api,
    submit: (definition, { idempotencyKey, signal } = {}) => {
      const header = { "idempotency-key": idempotencyKey ?? crypto.randomUUID() };
      return ask(api.POST("/v1/searches", { params: { header }, body: definition, ...given({ signal }) }));
    },
    wait: async (searchId, { timeoutSeconds, pollSeconds = 1, signal } = {}) => {
      const end = timeoutSeconds === undefined ? Infinity : performance.now() + 1000 * timeoutSeconds;
      for (;;) {
        const search = await read(searchId, signal);
        if (search.state === "FAILED") throw new SearchFailed(search);
        if (ENDED.has(search.state)) return search;
        const left = Math.min(pollSeconds, (end - performance.now()) / 1000);
        if (left <= 0) throw new WaitTimeout(`search ${searchId} has not ended within ${timeoutSeconds} s; it goes on`);
        await sleep(left, signal);
      }
    },
    events: ({ searchId, after, signal } = {}) => {
      const open = (seen: number | undefined, stop: AbortSignal) => {
        const path = searchId === undefined ? "/v1/events" : `/v1/searches/${encodeURIComponent(searchId)}/events`;
        const last = seen === undefined ? {} : { "Last-Event-ID": String(seen) };
        return plain(
          new Request(url + path, {
            headers: { ...headers, ...last, Accept: "text/event-stream" },
            cache: "no-store",
            redirect: "error",
            signal: stop,
          }),
        );
      };
      if (searchId === undefined) return follow(open, retries, after, undefined, signal);
      const over = async () => {
        try {
          return ENDED.has((await read(searchId, signal)).state);
        } catch (fault) {
          if (fault instanceof HeadstockProblem && fault.status === 404) return true; // deleted meanwhile
          throw fault;
        }
      };
      return follow(open, retries, after ?? 0, over, signal);
    },
  };
}

/** What was answered. Throws `HeadstockProblem` for a refusal. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}

/**
 * All items of a list, fetching each page when it is reached:
 *
 *     pages((page_token) => client.api.GET("/v1/searches", { params: { query: { page_token } } }))
 */
export async function* pages<T>(
  fetchPage: (pageToken: string | null) => Promise<Answer<{ items: T[]; next_page_token?: string | null }>>,
): AsyncGenerator<T, void, undefined> {
  let token: string | null = null;
  for (;;) {
    const page: { items: T[]; next_page_token?: string | null } = await ask(fetchPage(token));
    yield* page.items;
    const next: string | null = page.next_page_token ?? null;
    if (next === null) return;
    if (next === token) throw new UnexpectedAnswer("the service gave the same page token twice");
    token = next;
  }
}

function problemOf(response: Response, body: unknown): HeadstockProblem {
  const told: Partial<Schemas["Problem"]> = typeof body === "object" && body !== null ? body : {};
  const { status } = response;
  const retryable = told.retryable ?? [429, 502, 503, 504].includes(status);
  const detail = told.detail ?? told.title ?? (response.statusText || `HTTP ${status}`);
  return new HeadstockProblem(
    status,
    told.code ?? `http_${status}`,
    detail,
    told.errors ?? [],
    retryable,
    told.request_id ?? null,
  );
}

/** `send`, again where that is safe: a read, or a post that its key keeps from having effect twice. */
function repeating(send: (request: Request) => Promise<Response>, retries: Retries, timeoutSeconds: number) {
  return async (request: Request): Promise<Response> => {
    const repeatable = request.method === "GET" || request.headers.has("Idempotency-Key");
    for (let failures = 1; ; failures += 1) {
      const last = !repeatable || failures >= retries.attempts;
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(1000 * timeoutSeconds)]);
      let asked = 0;
      try {
        const response = await send(new Request(last ? request : request.clone(), { signal }));
        if (response.ok || last || !(await isRetryable(response))) return response;
        asked = Number(response.headers.get("Retry-After")) || 0;
      } catch (fault) {
        if (request.signal.aborted) throw fault;
        if (last) throw new Unreachable(`${new URL(request.url).origin} does not answer`, { cause: fault });
      }
      await sleep(Math.max(pause(retries, failures), Math.min(asked, retries.longestWaitSeconds)), request.signal);
    }
  };
}

async function isRetryable(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return problemOf(response, body).retryable;
}

function pause({ firstWaitSeconds, longestWaitSeconds }: Retries, failures: number): number {
  const ceiling = Math.min(longestWaitSeconds, firstWaitSeconds * 2 ** (failures - 1));
  // Spreads clients that failed together.
  return ceiling * (0.5 + Math.random() / 2);
}

/**
 * Events of a stream that never ends by itself. With `over` it ends after the search's last event; and, for those who
 * had seen that already, at the second comment without an event before it, once the search was over before.
 */
async function* follow(
  open: (after: number | undefined, signal: AbortSignal) => Promise<Response>,
  retries: Retries,
  after: number | undefined,
  over: (() => Promise<boolean>) | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void, undefined> {
  let seen = after;
  let failures = 0;
  let wasOver = over !== undefined && (await over());
  for (;;) {
    const stop = new AbortController();
    const stopped = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", stopped);
    if (signal?.aborted) stopped();
    let fault: unknown;
    try {
      const response = await open(seen, stop.signal);
      if (!response.ok) throw problemOf(response, await response.json().catch(() => undefined));
      let quiet = 0;
      for await (const data of messages(response, stop)) {
        failures = 0;
        if (data === null) {
          quiet += 1;
          if (wasOver && quiet >= 2) return;
          wasOver = over !== undefined && (await over());
          continue;
        }
        quiet = 0;
        const event = JSON.parse(data) as Event;
        if (event.kind !== "reset" && seen !== undefined && event.seq <= seen) continue;
        seen = event.seq;
        yield event;
        if (over !== undefined && LAST_KINDS.has(event.kind)) return;
      }
    } catch (broken) {
      if (signal?.aborted || (broken instanceof HeadstockProblem && !broken.retryable)) throw broken;
      fault = broken;
    } finally {
      signal?.removeEventListener("abort", stopped);
      stop.abort();
    }
    failures += 1;
    if (fault !== undefined && failures >= retries.attempts) {
      if (fault instanceof HeadstockError) throw fault;
      throw new Unreachable("the stream of events broke", { cause: fault });
    }
    await sleep(pause(retries, failures), signal);
  }
}

/** The data of each message of a stream of Server-Sent Events, and null for each comment. */
async function* messages(response: Response, stop: AbortController): AsyncGenerator<string | null, void, undefined> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let data: string[] = [];
  for (;;) {
    const silence = setTimeout(() => stop.abort(new Unreachable("the stream fell silent")), 1000 * SILENCE_S);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    // A last message that the stream's end cut short is dropped, as the format asks.
    if (done) return;
    text += decoder.decode(value, { stream: true });
    const lines = text.split(/\r?\n/);
    text = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
      } else if (line.startsWith(":")) {
        yield null;
      } else if (line.startsWith("data:")) {
        data.push(line.slice(5).replace(/^ /, ""));
      }
    }
  }
}

function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stopped);
      resolve();
    }, 1000 * seconds);
    if (signal?.aborted) stopped();
    else signal?.addEventListener("abort", stopped, { once: true });
  });
}

/** Only what has a value: an option that is there as `undefined` is another thing than one that is not there. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
