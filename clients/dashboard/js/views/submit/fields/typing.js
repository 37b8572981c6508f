// Between what is typed into a field and what stands in the document.
import { isNumber } from "../json.js";
import { Raw } from "../text.js";

/** What was typed into the field of an argument, as something to put into the document; undefined when it was emptied. */
export function read(argument, text) {
  const { kinds } = argument;
  const word = text.trim();
  const number = /^[-+]?\.?[0-9]/.test(word)
    ? word
        .replace(/^\+/, "")
        .replace(/^(-?)\./, "$10.")
        .replace(/\.$/, "")
    : word;
  const list = kinds.find((kind) => kind.endsWith("_list"));
  const numeric = kinds.some((kind) => kind === "int" || kind === "float");
  if (word === "") return undefined;
  if (kinds.includes("null") && /^(none|null)$/i.test(word)) return null;
  if (kinds.includes("bool") && /^(true|false)$/i.test(word)) return word.toLowerCase() === "true";
  if (numeric && isNumber(number)) return new Raw(number);
  if (list && (!numeric || /[,[]/.test(word))) {
    const items = word
      .replace(/^\[|\]$/g, "")
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "");
    return items.map((one) => (list !== "string_list" && isNumber(one) ? new Raw(one) : one));
  }
  return word;
}

/** A value as it stands in a text field; numbers as they are written in the document. */
export function shown(desk, path) {
  const value = desk.sheet.at(path);
  if (value === undefined) return "";
  if (value === null) return "none";
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) {
    return value
      .map((one, i) => (typeof one === "number" ? desk.sheet.written([...path, String(i)]) : String(one)))
      .join(", ");
  }
  return desk.sheet.written(path);
}

export function listed(desk, path) {
  const value = desk.sheet.at(path);
  if (!Array.isArray(value)) return shown(desk, path);
  return value
    .map((one, i) => {
      const written = desk.sheet.written([...path, String(i)]);
      return typeof one === "string" && !/^[-\d[{"]|[,"]|^(true|false|null)$/.test(one) ? one : written;
    })
    .join(", ");
}

/** `16, 32` or `relu, "a, b"` or `[64], [64, 32]` as JSON. */
export function valuesOf(text) {
  const pieces = text.match(/\[[^\]]*\]?|"(?:[^"\\]|\\.)*"?|[^,\s][^,]*/g) ?? [];
  if (!pieces.length) return undefined;
  return pieces.map((piece) => {
    const word = piece.trim();
    if (isNumber(word)) return new Raw(word);
    if (/^["[]/.test(word)) {
      try {
        JSON.parse(word);
        return new Raw(word);
      } catch {
        return word;
      }
    }
    return word;
  });
}
