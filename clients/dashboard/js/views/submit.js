// A new search: started from a template, an old search or a file; then a form and a JSON editor that show one document, which
// the service checks after each pause in typing.
//
// Names other tests and people's habits rely on: the heading "New search"; the buttons of templates, named like them ("mlp");
// the fields "Name" and "Max trials"; the buttons "Submit search" and "Start over".
import { keep } from "../address.js";
import { all, get, getText } from "../api.js";
import { tell } from "../components/toast.js";
import { el, fill } from "../dom.js";
import { suited, unsuited } from "./submit/adapt.js";
import { catalogue } from "./submit/catalogue.js";
import { kept } from "./submit/draft.js";
import { editing } from "./submit/editing.js";
import { find, parse, valueOf } from "./submit/json.js";
import { startPage } from "./submit/start.js";
import { layOut, put } from "./submit/text.js";

const FOR_DATA = { table: "tabular", text: "text", image: "convnet", array: "mlp" };

export async function submitPage({ main, query, live }) {
  live(true);
  const known = Promise.all([get("/v1/catalog"), datasets(), get("/v1/templates"), get("/v1/searches", { limit: 20 })]);
  const [document_, data, templates, searches] = await known;
  const place = el("div");
  let end = () => {};
  fill(main, place);

  function start() {
    end();
    keep({ template: null, from: null, dataset: null });
    const draft = kept();
    const hall = el("div");
    fill(place, el("div", { class: "page-head" }, el("h1", {}, "New search")), hall);
    startPage(hall, {
      templates: templates.items,
      searches: searches.items,
      draft,
      begin: (how) => begin(how).catch((error) => tell(error.message, "bad")),
      resume: () => edit(draft.text, draft.origin, null),
      refuse: (text) => tell(text, "bad"),
    });
    end = () => {};
  }

  async function begin({ template, from, dataset, text, name }) {
    if (text !== undefined) {
      edit(laidOut(text), `file:${name}`, null);
      return;
    }
    keep({ template, from, dataset });
    const origin = template ? `template:${template}` : from ? `from:${from}` : `dataset:${dataset}`;
    const other = kept();
    edit(await beginning({ template, from, dataset }, data, templates.items), origin, other);
  }

  function edit(text, origin, other) {
    end();
    end = editing({
      place,
      text,
      origin,
      other,
      data,
      catalogue: catalogue(document_),
      again: start,
      resume: () => edit(other.text, other.origin, null),
    });
  }

  const asked = Object.fromEntries(
    ["template", "from", "dataset"].map((name) => [name, query.get(name)]).filter(([, value]) => value),
  );
  const [kind] = Object.keys(asked);
  const draft = kept();
  if (draft && (!kind || draft.origin === `${kind}:${asked[kind]}`)) {
    edit(draft.text, draft.origin, null);
    end.restored(draft.kept);
  } else if (kind) await begin(asked);
  else start();
  return () => end();
}

/** All data sets that may be named: the newest upload of each name, and the built-in ones (`bundled`). */
async function datasets() {
  const [stored, builtin] = await Promise.all([all("/v1/datasets", { limit: 200 }), get("/v1/datasets/builtin")]);
  const names = new Set();
  const mine = stored.filter((one) => !one.builtin && !names.has(one.name) && names.add(one.name));
  const found = new Map(stored.filter((one) => one.builtin).map((one) => [one.name, one]));
  return [...mine, ...builtin.items.map((one) => ({ ...found.get(one.name), ...one, bundled: true }))];
}

/** The text to begin with. Taken from the answer as it is written: 1.0 is not 1 to an estimator. */
async function beginning({ template, from, dataset }, data, templates) {
  if (from) {
    const answer = await getText(`/v1/searches/${encodeURIComponent(from)}`);
    const node = find(parse(answer), ["definition"]);
    return layOut(answer.slice(node.from, node.to));
  }
  const one = dataset && data.find(({ name }) => name === dataset);
  const wanted = template ?? FOR_DATA[one?.kind] ?? "mlp";
  const name = templates.some((each) => each.name === wanted) ? wanted : (template ?? templates[0].name);
  let text = layOut(await getText(`/v1/templates/${encodeURIComponent(name)}`));
  if (dataset) {
    text = put(put(text, ["dataset", "name"], dataset), ["name"], `${dataset}-${name}`);
    if (one && unsuited(valueOf(parse(text)), one.task, "classification")) text = suited(text, one.task);
  }
  return text;
}

function laidOut(text) {
  try {
    return layOut(text);
  } catch {
    return text;
  }
}
