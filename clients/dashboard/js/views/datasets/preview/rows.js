// Rows of a data set as they are stored: pictures side by side, everything else in a table.
import { plainTable } from "../../../components/plain_table.js";
import { el } from "../../../dom.js";
import { number } from "../../../format.js";

const KINDS = { image: "image", text: "text" };

/** `seen` is the API's preview. */
export function rowsOf(seen) {
  return seen.inputs.length === 1 && seen.inputs[0].kind === "image" ? gallery(seen) : table(seen);
}

function gallery(seen) {
  return el(
    "ul",
    { class: "gallery" },
    seen.rows.map((row) =>
      el(
        "li",
        {},
        el("img", {
          src: `data:image/png;base64,${row.inputs[0].image}`,
          alt: `Row ${row.row}: ${said(row.targets)}`,
          title: `row ${row.row}`,
        }),
        el("span", {}, said(row.targets)),
      ),
    ),
  );
}

function table(seen) {
  const heads = seen.inputs.flatMap((input) =>
    isWide(input)
      ? input.features.map((one) => [one.name, one.kind === "number" ? "num" : null])
      : [input.name || KINDS[input.kind] || "values"],
  );
  const cut = seen.rows.some((row) => row.inputs.some((cell, i) => cell.shortened && isWide(seen.inputs[i])));
  const more = cut ? ["…"] : [];
  return plainTable({
    label: "Rows",
    heads: [["Row", "num"], ...seen.targets.map((target) => [target.name || "target", "target"]), ...heads, ...more],
    rows: seen.rows.map((row) => [
      el("td", { class: "num note" }, number(row.row)),
      ...row.targets.map((target) => el("td", { class: "target" }, said([target]))),
      ...row.inputs.flatMap((cell, i) => cells(cell, seen.inputs[i])),
      ...more,
    ]),
  });
}

/** Whether each value of an input has a column of its own. */
function isWide(input) {
  return ["table", "values"].includes(input.kind) && input.features.length > 1;
}

function cells(cell, input) {
  if (cell.text !== null)
    return [el("td", { class: "wrap text" }, el("div", {}, cell.text, cell.shortened ? "…" : ""))];
  if (cell.image !== null)
    return [el("td", {}, el("img", { class: "thumb", src: `data:image/png;base64,${cell.image}`, alt: "" }))];
  if (!isWide(input))
    return [
      el(
        "td",
        { class: "mono" },
        `${cell.values.slice(0, 8).map(number).join(", ")}${cell.shortened || cell.values.length > 8 ? " …" : ""}`,
      ),
    ];
  return cell.values
    .slice(0, input.features.length)
    .map((value) =>
      el(
        "td",
        { class: typeof value === "number" ? "num" : null },
        value === null ? el("span", { class: "note", title: "missing" }, "–") : number(value),
      ),
    );
}

function said(targets) {
  return targets
    .map((target) => (Array.isArray(target) ? target.map(number).join(", ") || "none" : number(target)))
    .join(" · ");
}
