// A form that is drawn anew after each change and yet keeps its elements: focus, what is being typed, what is open and where
// one has scrolled all stay. `h()` says what should be there, `patch()` changes what is different.

const SET = new Set(["value", "checked", "disabled", "hidden", "open", "indeterminate", "draggable"]);

/** What an element should be. `onclick` and its like are handlers, `made(node)` is called once when it is in the page. */
export function h(tag, props, ...children) {
  return {
    tag,
    props: props ?? {},
    children: children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false),
  };
}

/** Makes the children of `place` what the list says. */
export function patch(place, children) {
  const wanted = [children].flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false);
  const born = [];
  reconcile(place, wanted, born);
  for (const [node, made] of born) made(node);
}

function reconcile(place, wanted, born) {
  let old = place.firstChild;
  for (const one of wanted) {
    const text = typeof one !== "object";
    // An element of another name or key is another thing; those behind it are looked for first, so that a removed row does
    // not take the state of its neighbours with it.
    let match = old;
    while (match && !same(match, one, text)) match = match.nextSibling;
    if (match) {
      while (old !== match) {
        const next = old.nextSibling;
        old.remove();
        old = next;
      }
      if (text) {
        if (match.data !== String(one)) match.data = String(one);
      } else change(match, one, born);
      old = match.nextSibling;
    } else {
      const made = text ? document.createTextNode(String(one)) : document.createElement(one.tag);
      if (!text) {
        if (one.props.made) born.push([made, one.props.made]);
        change(made, one, born);
      }
      place.insertBefore(made, old);
    }
  }
  while (old) {
    const next = old.nextSibling;
    old.remove();
    old = next;
  }
}

function same(node, wanted, text) {
  if (text) return node.nodeType === Node.TEXT_NODE;
  return node.nodeType === Node.ELEMENT_NODE && node.localName === wanted.tag && node.shown?.key === wanted.props.key;
}

function change(node, wanted, born) {
  const before = node.shown ?? {};
  const now = wanted.props;
  for (const name of Object.keys(before)) if (!(name in now)) set(node, name, undefined, before[name]);
  for (const [name, value] of Object.entries(now))
    if (name !== "value" && name !== "checked") set(node, name, value, before[name]);
  node.shown = now;
  if (!now.owned) reconcile(node, wanted.children, born);
  // After the options of a select are there. What is being typed is left alone: see `typing`.
  if (
    "value" in now &&
    (before.value !== now.value || node.localName === "select") &&
    node !== typing &&
    node.value !== now.value
  )
    node.value = now.value ?? "";
  if ("checked" in now && node.checked !== Boolean(now.checked)) node.checked = Boolean(now.checked);
}

function set(node, name, value, before) {
  if (value === before || name === "key" || name === "made" || name === "owned") return;
  if (name.startsWith("on")) {
    node[name] = value ?? null;
    return;
  }
  if (SET.has(name)) {
    node[name] = value ?? (name === "value" ? "" : false);
    return;
  }
  if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

let typing = null;

/** Runs `act` for an event of a text field, which is not rewritten meanwhile: "3,3" stays "3,3" while it is typed. */
export function typed(event, act) {
  typing = event.target;
  try {
    act(event.target.value);
  } finally {
    typing = null;
  }
}

/** When a field is left, it shows what the document says. */
export function settled(event) {
  const { shown } = event.target;
  if (shown && "value" in shown && event.target.value !== shown.value) event.target.value = shown.value ?? "";
}
