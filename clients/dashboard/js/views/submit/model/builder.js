// A builder: a function that makes compiled models.
import { argumentField } from "../fields/argument.js";
import { jsonField, leftOver } from "../fields/asjson.js";
import { faultNote } from "../fields/faults.js";
import { h, settled, typed } from "../h.js";
import { put } from "../text.js";

export function builder(desk, model) {
  const known = Object.entries(desk.catalogue.document.builders ?? {});
  const parts = [];
  if ("code" in model) {
    const pointer = "/model/code",
      id = `f${pointer}`,
      fault = faultNote(desk, pointer, id);
    parts.push(
      desk.catalogue.document.code
        ? null
        : h(
            "div",
            { class: "warn-box" },
            "This service takes no code; ask its operator, or name a registered builder.",
          ),
      h(
        "div",
        { class: "field arg", key: pointer },
        h("label", { for: id }, "code"),
        h("textarea", {
          id,
          class: "mono",
          rows: "14",
          spellcheck: "false",
          "data-pointer": pointer,
          value: String(model.code),
          "aria-invalid": fault ? "true" : null,
          "aria-describedby": fault ? `${id}:fault` : null,
          oninput: (event) => typed(event, (text) => desk.edit((all) => put(all, ["model", "code"], text))),
          onblur: settled,
        }),
        fault,
      ),
      argumentField(
        desk,
        ["model", "entry"],
        { kinds: ["string"], required: true, help: "The name of the function or class in it." },
        { tunable: false },
      ),
    );
  } else {
    parts.push(
      argumentField(
        desk,
        ["model", "builder"],
        {
          kinds: ["enum"],
          choices: known.map(([name]) => name),
          required: true,
          help: desk.catalogue.document.builders?.[model.builder]?.help ?? "Registered by the operator.",
        },
        { tunable: false },
      ),
    );
  }
  parts.push(
    "arguments" in model
      ? jsonField(desk, ["model", "arguments"], "arguments", "Plain JSON keyword arguments of the builder.")
      : null,
  );
  return [
    h("div", { class: "args" }, parts),
    leftOver(desk, ["model"], ["type", "code", "entry", "builder", "arguments"]),
  ];
}
