// Does what CloudWatch's console does with a custom widget, as AWS's documentation has it: takes out what may not be in it,
// and gives each <cwdb-action> to the element before it.
"use strict";
const widget = document.getElementById("widget");
const popup = document.getElementById("popup");
const confirmation = document.getElementById("confirm");
const busy = document.getElementById("busy");
const key = document.body.dataset.key;
// The key is of no use to whoever reads the history.
history.replaceState(null, "", "/");

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const theme = () => (dark.matches ? "dark" : "light");

function cleaned(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  parsed.querySelectorAll("script, iframe, object, embed, link, meta, base, use").forEach((one) => one.remove());
  for (const element of parsed.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (name.startsWith("on") || /^\s*javascript:/i.test(value)) element.removeAttribute(name);
    }
  }
  return [...parsed.head.childNodes, ...parsed.body.childNodes].map((node) => document.adoptNode(node));
}

function show(html, into) {
  into.replaceChildren(...cleaned(html));
  for (const action of into.querySelectorAll("cwdb-action")) bind(action);
}

function bind(action) {
  const before = action.previousElementSibling;
  const attribute = (name, otherwise) => action.getAttribute(name) || otherwise;
  action.hidden = true;
  if (!before) return;
  before.addEventListener(attribute("event", "click"), async (event) => {
    event.preventDefault();
    const question = attribute("confirmation", "");
    if (question && !(await confirmed(question))) return before.focus();
    const into = attribute("display", "widget") === "popup" ? popup : widget;
    if (attribute("action", "html") === "html") return put(action.innerHTML, into);
    await call(attribute("endpoint", ""), JSON.parse(action.textContent || "{}"), into);
  });
}

let answered = () => {};
// A question may be asked anew before the browser tells that the last one was closed.
confirmation.addEventListener("close", () => confirmation.open || answered(confirmation.returnValue === "yes"));

function confirmed(question) {
  // Whoever asks anew did not confirm before: one "yes" answers one question.
  answered(false);
  document.getElementById("question").textContent = question;
  confirmation.returnValue = "no";
  confirmation.showModal();
  return new Promise((done) => { answered = done; });
}

function typed() {
  const forms = {};
  for (const field of widget.querySelectorAll("input[name], textarea[name], select[name]")) forms[field.name] = field.value;
  return forms;
}

async function call(endpoint, parameters, into) {
  widget.setAttribute("aria-busy", "true");
  busy.textContent = "Loading";
  const asked = { endpoint, parameters, forms: typed(), theme: theme(), width: Math.round(widget.clientWidth) };
  let html;
  try {
    const headers = { "content-type": "application/json", "x-ses-guard-key": key };
    const answer = await fetch("/call", { method: "POST", headers, body: JSON.stringify(asked) });
    if (!(answer.headers.get("content-type") || "").includes("json")) throw new Error(await answer.text());
    const said = await answer.json();
    if (said.error) throw new Error(said.error);
    html = said.html;
  } catch (error) {
    busy.textContent = `No answer: ${error.message}`;
    widget.setAttribute("aria-busy", "false");
    return;
  }
  busy.textContent = "";
  widget.setAttribute("aria-busy", "false");
  if (into === widget) last = { endpoint, parameters };
  put(html, into);
}

function put(html, into) {
  if (into === popup) {
    show(html, popup.firstElementChild);
    popup.showModal();
  } else {
    show(html, widget);
    widget.focus({ preventScroll: true });
  }
}

// Another theme or width is another page; what was typed into a form is worth more than that.
let last = { endpoint: "", parameters: {} };
let width = widget.clientWidth;
const again = () => {
  const writes = document.activeElement?.matches("#widget input, #widget textarea, #widget select");
  const written = [...widget.querySelectorAll("input[name=reason], input[name=actor]")].some((field) => field.value);
  if (!writes && !written) call(last.endpoint, last.parameters, widget);
};
dark.addEventListener("change", again);
let waiting;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (widget.clientWidth === width) return;
    width = widget.clientWidth;
    again();
  }, 300);
});
call("", {}, widget);
