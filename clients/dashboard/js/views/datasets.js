// The data sets a search can name: what there is, what is in them, who used them.
import { address } from "../address.js";
import { all, get, listen, send } from "../api.js";
import { actButton, fact, state } from "../components/controls.js";
import { confirmed } from "../components/confirm.js";
import { plainTable } from "../components/plain_table.js";
import { longTable } from "../components/table.js";
import { tell } from "../components/toast.js";
import { el, fill } from "../dom.js";
import { DATASET_KINDS } from "../events.js";
import { bytes, number, time } from "../format.js";
import { refresher } from "../refresh.js";
import { previewPart } from "./datasets/preview.js";
import { uploadForm } from "./datasets/upload.js";

const KINDS = { array: "arrays", image: "images", table: "a table", text: "texts" };

function shape(set) {
  return set.kind === "text" ? "text" : set.inputs.length ? `${set.inputs.length} inputs` : set.input_shape.join(" × ");
}

export async function datasetsPage({ main, live }) {
  const table = longTable({
    label: "Data sets",
    sort: { key: "created_at", down: true },
    columns: [
      {
        key: "name",
        label: "Name",
        value: (set) => set.name,
        cell: (set) => el("a", { href: address(["datasets", set.id]) }, set.name),
      },
      { key: "kind", label: "Holds", value: (set) => set.kind, cell: (set) => KINDS[set.kind] ?? set.kind },
      { key: "task", label: "Task", value: (set) => set.task, cell: (set) => set.task },
      { key: "shape", label: "One example", value: shape, cell: shape },
      {
        key: "num_classes",
        label: "Classes",
        num: true,
        value: (set) => set.num_classes,
        cell: (set) => number(set.num_classes),
      },
      {
        key: "train_rows",
        label: "Training rows",
        num: true,
        value: (set) => set.train_rows,
        cell: (set) => number(set.train_rows),
      },
      {
        key: "test_rows",
        label: "Test rows",
        num: true,
        value: (set) => set.test_rows,
        cell: (set) => (set.test_rows ? number(set.test_rows) : "–"),
      },
      {
        key: "size_bytes",
        label: "Size",
        num: true,
        value: (set) => set.size_bytes,
        cell: (set) => bytes(set.size_bytes),
      },
      { key: "created_at", label: "Added", value: (set) => set.created_at, cell: (set) => time(set.created_at) },
    ],
  });
  const hollow = el(
    "div",
    { class: "hollow", hidden: true },
    el("h2", {}, "No data set is stored yet"),
    el("p", {}, "Upload one, or name a built-in one in a search: it is prepared when a search first uses it."),
  );
  const place = el("div", { class: "card list-card data-card" }, table.node, hollow);
  const upload = uploadForm({
    stored: (set) => {
      location.hash = address(["datasets", set.id]);
    },
  });
  const builtin = el("div", { class: "builtin" });
  fill(
    main,
    el("div", { class: "page-head" }, el("h1", {}, "Data sets")),
    el(
      "div",
      { class: "stack" },
      place,
      el(
        "div",
        { class: "grid" },
        el(
          "section",
          { class: "card", "aria-label": "Upload a data set" },
          el("div", { class: "head" }, el("h2", {}, "Upload a data set")),
          upload.node,
        ),
        el(
          "section",
          { class: "card", "aria-label": "Built in" },
          el("div", { class: "head" }, el("h2", {}, "Built in")),
          el("p", { class: "small note" }, "A search names them; each is prepared when it is first used."),
          builtin,
        ),
      ),
    ),
  );

  async function draw() {
    const items = await all("/v1/datasets", { limit: 500 }, 5000);
    table.node.hidden = !items.length;
    hollow.hidden = items.length > 0;
    table.update(items);
  }

  const [known] = await Promise.all([get("/v1/datasets/builtin"), draw()]);
  fill(
    builtin,
    el(
      "ul",
      { class: "plain-list" },
      known.items.map((set) =>
        el(
          "li",
          {},
          el("a", { href: address(["new"], { dataset: set.name }), title: `New search with ${set.name}` }, set.name),
          el(
            "span",
            { class: "small note" },
            ` ${set.description}${set.needs_network ? " Fetched on first use." : ""}`,
          ),
        ),
      ),
    ),
  );
  const redraw = refresher(draw);
  const close = listen("/v1/events", DATASET_KINDS, redraw.soon, (on) => {
    live(on);
    if (on) redraw.soon();
  });
  return () => {
    redraw.end();
    upload.end();
    close();
  };
}

/** One data set. */
export async function datasetPage({ main, path, live }) {
  const base = `/v1/datasets/${encodeURIComponent(path[1])}`;
  const set = await get(base);
  const searches = el("div");
  const classes = set.task === "multilabel" ? "labels" : "classes";
  const used = el(
    "section",
    { class: "card", hidden: true, "aria-label": "Searches that used it" },
    el("div", { class: "head" }, el("h2", {}, "Searches that used it")),
    searches,
  );
  const preview = previewPart(set);
  const flags = [
    set.weighted ? "rows have weights" : "",
    set.grouped ? "rows belong to groups" : "",
    set.timed ? "rows have times" : "",
    set.max_token !== null ? `whole numbers up to ${number(set.max_token)}` : "",
  ].filter(Boolean);
  fill(
    main,
    el("p", { class: "crumbs" }, el("a", { href: "#/datasets" }, "Data sets"), " / ", set.name),
    el(
      "div",
      { class: "page-head" },
      el("h1", {}, set.name, " ", el("small", {}, `${KINDS[set.kind] ?? set.kind} for ${set.task}`)),
      el("a", { class: "button primary", href: address(["new"], { dataset: set.name }) }, "New search with this data"),
      set.builtin ? null : actButton("Delete", remove, { danger: true }),
    ),
    el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "facts" },
        fact("training rows", number(set.train_rows)),
        set.validation_rows ? fact("validation rows", number(set.validation_rows)) : null,
        fact("test rows", set.test_rows ? number(set.test_rows) : "none"),
        set.kind === "table"
          ? fact("columns", number(set.columns.length))
          : fact(set.inputs.length ? "inputs" : "one example", shape(set)),
        set.num_classes === null
          ? fact("targets", set.target_shape.length ? set.target_shape.join(" × ") : "one number")
          : fact(classes, number(set.num_classes)),
        fact("scale", set.scale),
        fact("size", bytes(set.size_bytes)),
      ),
      preview.node,
      el(
        "section",
        { class: "card" },
        el("div", { class: "head" }, el("h2", {}, "About")),
        el(
          "dl",
          { class: "report-pairs about" },
          [
            ["source", set.source],
            ["added", time(set.created_at)],
            ["type of examples", set.x_dtype],
            ["type of targets", set.y_dtype],
            set.inputs.length
              ? ["inputs", set.inputs.map((one) => `${one.name} (${one.shape.join(" × ")} ${one.dtype})`).join(", ")]
              : null,
            set.targets.length ? ["targets", set.targets.map((one) => `${one.name} (${one.task})`).join(", ")] : null,
            flags.length ? ["besides", flags.join(", ")] : null,
            ["fingerprint", set.fingerprint],
          ]
            .filter(Boolean)
            .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
        ),
      ),
      used,
    ),
  );
  preview.load();

  async function remove() {
    if (!(await confirmed(`Delete “${set.name}” for good? Searches that have ended keep their results.`, "Delete it")))
      return;
    await send("DELETE", base);
    tell(`${set.name} is deleted.`, "good");
    location.hash = "#/datasets";
  }

  async function findSearches() {
    const page = await get("/v1/searches", { dataset: set.id, limit: 20 });
    used.hidden = !page.items.length;
    fill(
      searches,
      plainTable({
        label: "Searches that used it",
        kind: "scroll",
        heads: ["Search", "State", "Tuner", ["Best", "num"], "Objective", "Submitted"],
        rows: page.items.map((search) => [
          el("a", { href: address(["searches", search.id]) }, search.name),
          state(search.state),
          search.tuner,
          el("td", { class: "num" }, search.best ? number(search.best.score) : "–"),
          el("td", { class: "small note" }, search.objective.name),
          el("td", { class: "small note" }, time(search.created_at)),
        ]),
      }),
      page.next_page_token ? el("p", { class: "small note" }, "The newest 20 are shown.") : null,
    );
  }

  await findSearches();
  const redraw = refresher(findSearches);
  const close = listen(
    "/v1/events",
    ["search.created", "search.completed", "search.failed", "search.cancelled", "search.deleted"],
    redraw.soon,
    (on) => {
      live(on);
      if (on) redraw.soon();
    },
  );
  return () => {
    redraw.end();
    preview.end();
    close();
  };
}
