// A small language for choosing trials: `units >= 64 and (val_accuracy > 0.9 or state = running)`. Nothing is ever evaluated.

/** What is wrong with an expression, and from which character on. */
export class FilterFault extends Error {
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

const TOKEN =
  /\s*(?:(?<number>-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])|(?<op><=|>=|!=|==|[<>=~])|(?<mark>[(),])|"(?<double>[^"]*)"|'(?<single>[^']*)'|`(?<quoted>[^`]+)`|(?<word>[\p{L}_][\p{L}\p{N}_./:-]*))/uy;
const OPERATORS = ["=", "==", "!=", "<", "<=", ">", ">=", "~"];
const WORDS = ["and", "or", "not", "in"];

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== "") {
    const from = TOKEN.lastIndex + /^\s*/.exec(text.slice(TOKEN.lastIndex))[0].length;
    const match = TOKEN.exec(text);
    if (!match) throw new FilterFault(`${JSON.stringify(text[from])} has no meaning here`, from);
    const { number, op, mark, double, single, quoted, word } = match.groups;
    if (number !== undefined) found.push({ kind: "value", value: Number(number), at: from });
    else if (op) found.push({ kind: "op", value: op, at: from });
    else if (mark) found.push({ kind: mark, at: from });
    else if (double !== undefined || single !== undefined)
      found.push({ kind: "value", value: double ?? single, at: from });
    else if (quoted) found.push({ kind: "name", value: quoted, at: from });
    else if (WORDS.includes(word.toLowerCase())) found.push({ kind: word.toLowerCase(), at: from });
    else found.push({ kind: "name", value: word, at: from });
  }
  found.push({ kind: "end", at: text.length });
  return found;
}

/**
 * A test of rows. `reader(name)` answers a function from a row to the value of that name, or null for a name it does not know;
 * `known` are names to offer in the message about such a name. An empty text lets every row through.
 *
 *   or := and ("or" and)*   and := not ("and" not)*   not := "not" not | "(" or ")" | name operator value | name in (value, ...)
 *
 * Operators: = != < <= > >= and ~ for "contains". Texts are compared without case. What is missing passes no test but `= null`
 * and `!=`.
 *
 * @throws FilterFault
 */
export function filterOf(text, reader, known = []) {
  const all = tokens(text);
  let at = 0;
  const next = () => all[at];
  const take = (kind) => (next().kind === kind ? all[at++] : null);
  const describe = (token) =>
    token.kind === "end" ? "the end" : token.value !== undefined ? JSON.stringify(token.value) : `“${token.kind}”`;

  function or() {
    let left = and();
    while (take("or")) {
      const a = left,
        b = and();
      left = (row) => a(row) || b(row);
    }
    return left;
  }
  function and() {
    let left = not();
    while (take("and")) {
      const a = left,
        b = not();
      left = (row) => a(row) && b(row);
    }
    return left;
  }
  function not() {
    if (take("not")) {
      const inner = not();
      return (row) => !inner(row);
    }
    if (take("(")) {
      const inner = or();
      if (!take(")")) throw new FilterFault(`a “)” is missing before ${describe(next())}`, next().at);
      return inner;
    }
    return comparison();
  }
  function comparison() {
    const name = take("name");
    if (!name) throw new FilterFault(`a name was expected, found ${describe(next())}`, next().at);
    const read = reader(name.value);
    if (!read)
      throw new FilterFault(
        `there is no ${JSON.stringify(name.value)}; known are ${known.slice(0, 12).join(", ")}${known.length > 12 ? " …" : ""}`,
        name.at,
      );
    if (take("in")) return among(read);
    const op = take("op");
    if (!op)
      throw new FilterFault(
        `after ${name.value} one of ${OPERATORS.filter((one) => one !== "==").join(" ")} or “in” was expected, found ${describe(next())}`,
        next().at,
      );
    const wanted = value();
    return (row) => holds(read(row), op.value, wanted(row));
  }
  function among(read) {
    if (!take("(")) throw new FilterFault(`after “in” a list is expected: (16, 32)`, next().at);
    const wanted = [];
    do wanted.push(value());
    while (take(","));
    if (!take(")")) throw new FilterFault(`a “)” is missing before ${describe(next())}`, next().at);
    return (row) => wanted.some((one) => holds(read(row), "=", one(row)));
  }
  function value() {
    const token = take("value") ?? take("name");
    if (!token) throw new FilterFault(`a value was expected, found ${describe(next())}`, next().at);
    if (token.kind === "value") return () => token.value;
    const word = token.value.toLowerCase();
    if (word in CONSTANTS) return () => CONSTANTS[word];
    return reader(token.value) ?? (() => token.value);
  }

  if (next().kind === "end") return () => true;
  const test = or();
  if (next().kind !== "end") throw new FilterFault(`“and” or “or” was expected before ${describe(next())}`, next().at);
  return test;
}

const CONSTANTS = { true: true, false: false, null: null, none: null };

function holds(value, op, wanted) {
  const missing = value === null || value === undefined;
  if (wanted === null) return op === "!=" ? !missing : (op === "=" || op === "==") && missing;
  if (missing) return op === "!=";
  if (op === "~") return plain(value).includes(plain(wanted));
  if (op === "=" || op === "==") return same(value, wanted);
  if (op === "!=") return !same(value, wanted);
  if (wanted === undefined || typeof value !== typeof wanted || typeof value === "object") return false;
  return op === "<" ? value < wanted : op === "<=" ? value <= wanted : op === ">" ? value > wanted : value >= wanted;
}

function same(a, b) {
  return a === b || (typeof a === "number" && typeof b === "number" ? close(a, b) : plain(a) === plain(b));
}

/** Numbers are equal when they are shown alike. */
function close(a, b) {
  return Number(a.toPrecision(4)) === b;
}

function plain(value) {
  return (Array.isArray(value) ? `[${value.join(", ")}]` : String(value)).toLowerCase();
}
