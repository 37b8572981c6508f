// Where a new search begins: a template, an old search, or a file.
import { address } from "../../address.js";
import { el, fill } from "../../dom.js";
import { time } from "../../format.js";
import { TEMPLATES } from "./frame.js";

const MOST_BYTES = 5e6;

/** Fills `place`; `begin` gets `{template}`, `{from}` or `{text, name}`. `draft` is what was written before, or null. */
export function startPage(place, { templates, searches, draft, begin, resume, refuse }) {
  const input = el("input", {
    type: "file",
    accept: ".json,application/json",
    id: "definition-file",
    onchange: () => read(input.files[0]),
  });

  async function read(file) {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      refuse(`${file.name} has more than 5 MB: a definition is a few thousand characters.`);
      return;
    }
    begin({ text: await file.text(), name: file.name });
  }

  const zone = el(
    "div",
    {
      class: "drop",
      ondragover: (event) => {
        event.preventDefault();
        zone.classList.add("over");
      },
      ondragleave: () => zone.classList.remove("over"),
      ondrop: (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        read(event.dataTransfer.files[0]);
      },
    },
    el("label", { for: "definition-file" }, "A definition in a file"),
    input,
    el("p", { class: "note small" }, "Or drop a JSON file here."),
  );

  const order = Object.keys(TEMPLATES);
  const rank = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
  templates = [...templates].sort((a, b) => rank(a) - rank(b));

  fill(
    place,
    draft
      ? el(
          "div",
          { class: "warn-box row draft-note", role: "status" },
          el("span", { class: "grow" }, `A draft from ${time(draft.kept)} is kept on this browser.`),
          el("button", { type: "button", onclick: resume }, "Go on with it"),
        )
      : null,
    el("h2", { class: "start-title" }, "Begin with a template"),
    el(
      "div",
      { class: "templates" },
      templates.map(({ name }) => {
        const [title, text] = TEMPLATES[name] ?? [name, "A stored definition."];
        // The link is the short name alone, which is then its name for all; it covers the whole card.
        const link = el(
          "a",
          {
            class: "cover",
            href: address(["new"], { template: name }),
            role: "button",
            "aria-describedby": `template:${name}`,
            onclick: (event) => {
              event.preventDefault();
              begin({ template: name });
            },
            onkeydown: (event) => {
              if (event.key === " ") {
                event.preventDefault();
                begin({ template: name });
              }
            },
          },
          el("code", {}, name),
        );
        return el(
          "div",
          { class: "template card" },
          el("b", {}, title),
          link,
          el("span", { id: `template:${name}` }, text),
        );
      }),
    ),
    el(
      "div",
      { class: "grid start-more" },
      el(
        "div",
        { class: "card" },
        el("h2", {}, "Or with a search you ran"),
        searches.length
          ? el(
              "ul",
              { class: "olds" },
              searches.map((one) =>
                el(
                  "li",
                  {},
                  el(
                    "a",
                    {
                      href: address(["new"], { from: one.id }),
                      onclick: (event) => {
                        event.preventDefault();
                        begin({ from: one.id });
                      },
                    },
                    one.name,
                  ),
                  el("span", { class: "note small" }, ` ${one.tuner}, ${time(one.created_at)}`),
                ),
              ),
            )
          : el("p", { class: "note" }, "None yet."),
      ),
      el("div", { class: "card" }, el("h2", {}, "Or with a file"), zone),
    ),
  );
}
