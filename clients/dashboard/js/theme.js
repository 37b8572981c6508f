// Light, dark or as the system says; the choice stays on this browser. The sheet does the rest with `light-dark()`.
const KEY = "headstock.theme";
const ORDER = ["auto", "light", "dark"];
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };
const changed = new Set();

function chosen() {
  const kept = localStorage.getItem(KEY);
  return ORDER.includes(kept) ? kept : "auto";
}

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Applies the kept choice and makes `button` go through the three. */
export function themeButton(button) {
  const show = () => {
    button.textContent = SIGNS[chosen()];
    button.setAttribute("aria-label", `Colours: ${chosen()}`);
    button.title = `Colours: ${chosen()}`;
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, ORDER[(ORDER.indexOf(chosen()) + 1) % ORDER.length]);
    apply(chosen());
    show();
    for (const heard of changed) heard();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const heard of changed) heard();
  });
  apply(chosen());
  show();
}

/** Calls `heard` whenever colours may have changed; returns a function that ends it. */
export function onTheme(heard) {
  changed.add(heard);
  return () => changed.delete(heard);
}

/** Whether the page is dark now. */
export function isDark() {
  const theme = chosen();
  return theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

/** The present value of colour tokens, as the browser resolves them: `colours("ink", "c1")`. */
export function colours(...names) {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const found = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return found;
}
