// A file becomes a data set: chosen or dropped, sent with its progress shown, refused beside the field that is wrong.
import { Problem } from "../../api.js";
import { tell } from "../../components/toast.js";
import { el, fill } from "../../dom.js";
import { bytes } from "../../format.js";

const TYPES = ".npz,.csv,.parquet,.zip";
/** What can be said of a file, by its ending; the first of each is always shown. */
const TABLE = ["target", "text", "ignore", "part", "group", "time", "weight"];
const FOR = { csv: TABLE, parquet: TABLE, npz: [], zip: ["image_size", "color"] };
const LABELS = {
  target: ["Column to predict", "several between commas; required"],
  text: ["Column of texts", "when the examples are texts"],
  ignore: ["Columns to leave out", "between commas"],
  part: ["Column of parts", "says train, validation or test"],
  group: ["Column of groups", "rows that must stay together"],
  time: ["Column of times", "puts the past before the future"],
  weight: ["Column of weights", ""],
  image_size: ["Size of images", "HEIGHTxWIDTH, like 64x64"],
};
const CHOICES = {
  scale: [
    "Scale",
    [
      ["", "what suits the data"],
      ["0-1", "0 to 1"],
      ["standard", "standard: mean 0, deviation 1"],
      ["none", "none"],
    ],
  ],
  task: [
    "Task",
    [
      ["", "told from the targets"],
      ["classification", "classification"],
      ["regression", "regression"],
      ["multilabel", "multilabel"],
    ],
  ],
  color: [
    "Colours",
    [
      ["", "rgb"],
      ["rgb", "rgb"],
      ["grayscale", "grayscale"],
    ],
  ],
};

/** The form: `node`, `end()`. `stored(dataset)` is called with what the service made of the file. */
export function uploadForm({ stored }) {
  let file = null,
    request = null;
  const input = el("input", {
    type: "file",
    accept: TYPES,
    class: "visually-hidden",
    id: "upload-file",
    onchange: () => choose(input.files[0]),
  });
  const chosen = el("div", { class: "chosen" });
  const zone = el("label", { class: "drop", for: "upload-file" }, input, chosen);
  const fields = el("div", { class: "upload-fields", hidden: true });
  const fault = el("div", { class: "fault-box", role: "alert", hidden: true });
  const progress = el("progress", { max: 1, hidden: true, "aria-label": "Progress of the upload" });
  const said = el("p", { class: "small note", role: "status" });
  const go = el("button", { type: "submit", class: "primary", disabled: true }, "Upload");
  const stop = el("button", { type: "button", hidden: true, onclick: () => request?.abort() }, "Stop");
  const form = el(
    "form",
    {
      class: "upload",
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    zone,
    fields,
    fault,
    progress,
    said,
    el("div", { class: "row" }, go, stop),
  );

  for (const kind of ["dragenter", "dragover"])
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });

  function invite() {
    fill(
      chosen,
      el("b", {}, "Choose a file"),
      " or drop it here",
      el("div", { class: "small note" }, ".csv or .parquet tables, .npz arrays, .zip of class folders of images"),
    );
  }

  function choose(next) {
    if (!next) return;
    file = next;
    fault.hidden = true;
    const ending = ended(file),
      options = FOR[ending];
    fill(
      chosen,
      el("b", {}, file.name),
      " ",
      el("span", { class: "note" }, bytes(file.size)),
      el("div", { class: "small note" }, "Choose another"),
    );
    if (!options) {
      fields.hidden = true;
      go.disabled = true;
      refuse("Files ending in .npz, .csv, .parquet or .zip are read.");
      return;
    }
    const first = options.filter((name) => name === "target"),
      more = options.filter((name) => name !== "target");
    fill(
      fields,
      field("name", "Name", "what definitions call it", file.name.replace(/\.[^.]+$/, "")),
      first.map((name) => option(name)),
      option("scale"),
      option("task"),
      more.length
        ? el(
            "details",
            { class: "more-options" },
            el("summary", {}, ending === "zip" ? "Size and colours" : "More columns"),
            el(
              "div",
              { class: "upload-fields" },
              more.map((name) => option(name)),
            ),
          )
        : null,
    );
    fields.hidden = false;
    go.disabled = false;
    fields.querySelector("input").focus();
  }

  function option(name) {
    if (!CHOICES[name]) return field(name, ...LABELS[name]);
    const [label, choices] = CHOICES[name];
    const id = `upload-${name}`;
    return el(
      "div",
      { class: "field" },
      el("label", { for: id }, label),
      el(
        "select",
        { id, name },
        choices.map(([value, text]) => el("option", { value }, text)),
      ),
    );
  }

  function field(name, label, hint, value = "") {
    const id = `upload-${name}`;
    return el(
      "div",
      { class: "field" },
      el("label", { for: id }, label),
      el("input", { id, name, value, maxlength: 400, autocomplete: "off", "aria-describedby": `${id}-hint` }),
      el("div", { class: "hint", id: `${id}-hint` }, hint),
    );
  }

  function refuse(message, faults = []) {
    fault.hidden = false;
    const beside = [];
    for (const one of faults) {
      const named = form.elements[one.pointer.replace(/^\//, "")];
      if (!named || named === input) {
        beside.push(one);
        continue;
      }
      named.setAttribute("aria-invalid", "true");
      named.closest("details")?.setAttribute("open", "");
      named.closest(".field").append(el("div", { class: "fault" }, one.detail));
    }
    fill(
      fault,
      message,
      beside
        .filter((one) => !message.includes(one.detail))
        .map((one) => el("div", {}, el("code", {}, one.pointer), " ", one.detail)),
    );
    (form.querySelector("[aria-invalid]") ?? zone).focus?.();
  }

  function clear() {
    fault.hidden = true;
    for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    for (const one of form.querySelectorAll(".field .fault")) one.remove();
  }

  async function send() {
    clear();
    const body = new FormData();
    body.append("name", form.elements.name.value.trim());
    for (const one of fields.querySelectorAll("input, select"))
      if (one.name !== "name" && one.value.trim()) body.append(one.name, one.value.trim());
    body.append("file", file, file.name);
    go.disabled = true;
    stop.hidden = progress.hidden = false;
    try {
      const dataset = await post("/v1/datasets", body);
      tell(`${dataset.name} is stored.`, "good");
      file = null;
      form.reset();
      fields.hidden = true;
      invite();
      stored(dataset);
    } catch (error) {
      go.disabled = false;
      if (error) refuse(error.message, error.errors ?? []);
    } finally {
      stop.hidden = progress.hidden = true;
      said.textContent = "";
      request = null;
    }
  }

  /** As `send()` of api.js, but telling how much has gone: `fetch` cannot. Rejects with nothing when it was stopped. */
  function post(path, body) {
    return new Promise((resolve, reject) => {
      request = new XMLHttpRequest();
      request.open("POST", path);
      request.setRequestHeader("Accept", "application/json");
      request.upload.addEventListener("progress", (event) => {
        if (!event.lengthComputable) return;
        if (event.loaded < event.total) {
          progress.value = event.loaded / event.total;
          said.textContent = `${bytes(event.loaded)} of ${bytes(event.total)}`;
        } else {
          progress.removeAttribute("value");
          said.textContent = "The service reads it …";
        }
      });
      request.addEventListener("load", () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          /* a proxy's page: the status says enough */
        }
        if (request.status >= 200 && request.status < 300) resolve(answer);
        else reject(new Problem(request.status, answer));
      });
      request.addEventListener("error", () =>
        reject(new Error("The service could not be reached, or ended the upload: is the file too large?")),
      );
      request.addEventListener("abort", () => reject(null));
      request.send(body);
    });
  }

  invite();
  return {
    node: form,
    end() {
      request?.abort();
    },
  };
}

function ended(file) {
  return file.name.toLowerCase().split(".").at(-1);
}
