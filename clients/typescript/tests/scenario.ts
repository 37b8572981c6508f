/** What a program does with a service: run by tests/clients/test_typescript.py, which reads what is printed. */
import {
  ask,
  createClient,
  type Definition,
  HeadstockProblem,
  pages,
  SearchFailed,
  Unreachable,
} from "../src/index.js";

const [url = "", token = "", definition = "", trained = "", failed = ""] = process.argv.slice(2);
const client = createClient({ url, token });
const told: Record<string, unknown> = {};

// A search is submitted once for its key, and read back with its type.
const search = await client.submit(JSON.parse(definition) as Definition, { idempotencyKey: "once" });
const again = await client.submit(JSON.parse(definition) as Definition, { idempotencyKey: "once" });
told["submitted"] = [search.state, search.objective.direction, again.id === search.id];

// A list, a page of two at a time.
const scores: (number | null)[] = [];
for await (const trial of pages((page_token) =>
  client.api.GET("/v1/searches/{search_id}/trials", {
    params: { path: { search_id: trained }, query: { limit: 2, page_token } },
  }),
))
  scores.push(trial.score);
told["scores"] = scores;

// Refusals are errors with a code, and say where.
const refused = async (answer: Promise<unknown>): Promise<HeadstockProblem> => {
  try {
    await answer;
  } catch (problem) {
    if (problem instanceof HeadstockProblem) return problem;
    throw problem;
  }
  throw new Error("this was not refused");
};
const missing = await refused(client.wait("s_none"));
const invalid = await refused(client.submit({ ...(JSON.parse(definition) as Definition), seed: -1 }));
told["problems"] = [
  [missing.status, missing.code, missing.retryable],
  [invalid.status, invalid.code, invalid.errors.map((each) => each.pointer)],
];

// What has happened, to the end of the search; then once more from the middle.
const cancelled = await ask(
  client.api.POST("/v1/searches/{search_id}/cancel", {
    params: { path: { search_id: search.id } },
  }),
);
const kinds: string[] = [];
const seqs: number[] = [];
for await (const event of client.events({ searchId: search.id })) {
  kinds.push(event.kind);
  seqs.push(event.seq);
}
const later: number[] = [];
for await (const event of client.events({ searchId: search.id, after: seqs[0] ?? 0 })) later.push(event.seq);
told["events"] = [kinds, later.length === seqs.length - 1];
told["waited"] = [cancelled.state, (await client.wait(search.id)).state];

// A search that has failed throws its reason.
told["failed"] = await client.wait(failed).catch((fault: unknown) => fault instanceof SearchFailed && fault.message);

// A network that breaks the stream after its first event.
const after: (string | null)[] = [];
const breaking = createClient({
  url,
  token,
  retries: { firstWaitSeconds: 0.01 },
  fetch: async (request) => {
    const response = await fetch(request);
    if (!request.url.endsWith("/events")) return response;
    after.push(request.headers.get("Last-Event-ID"));
    if (after.length > 1 || response.body === null) return response;
    const reader = response.body.getReader();
    let text = "";
    let told = false;
    return new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (told) {
            controller.error(new TypeError("the connection was reset"));
            return reader.cancel();
          }
          while (!told) {
            text += new TextDecoder().decode((await reader.read()).value);
            const end = text.indexOf("\n\n", text.indexOf("data: "));
            told = text.includes("data: ") && end > 0;
            if (told) controller.enqueue(new TextEncoder().encode(text.slice(0, end + 2)));
          }
        },
      }),
      { status: response.status, headers: response.headers },
    );
  },
});
const steered = await breaking.submit(JSON.parse(definition) as Definition);
const path = { search_id: steered.id };
await ask(breaking.api.POST("/v1/searches/{search_id}/pause", { params: { path } }));
await ask(breaking.api.POST("/v1/searches/{search_id}/cancel", { params: { path } }));
const survived: string[] = [];
let first = "";
for await (const event of breaking.events({ searchId: steered.id })) {
  first ||= String(event.seq);
  survived.push(event.kind);
}
told["broken"] = [survived, after.map((each) => (each === first ? "seen" : each))];

// What is safe to repeat is repeated, and nothing else.
const sent = { read: 0, submitted: 0, cancelled: 0 };
const flaky = createClient({
  url,
  token,
  retries: { firstWaitSeconds: 0.01 },
  fetch: async (request) => {
    const kind = request.method === "GET" ? "read" : request.url.endsWith("/cancel") ? "cancelled" : "submitted";
    sent[kind] += 1;
    const response = await fetch(request);
    if (sent[kind] === 1) throw new TypeError("the connection was reset");
    return response;
  },
});
const kept = await flaky.submit(JSON.parse(definition) as Definition);
await ask(flaky.api.GET("/v1/searches/{search_id}", { params: { path: { search_id: kept.id } } }));
const lost = flaky.api.POST("/v1/searches/{search_id}/cancel", { params: { path: { search_id: kept.id } } });
const unreachable = await lost.then(
  () => false,
  (fault: unknown) => fault instanceof Unreachable,
);
told["repeated"] = { ...sent, unreachable };

console.log(JSON.stringify(told));
