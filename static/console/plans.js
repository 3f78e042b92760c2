// Comfort for the plan editor only: every action here has a plain form behind it.
const CLEAN = "";
let typed = CLEAN;

function reveal(root) {
  for (const known of root.querySelectorAll("[data-known]")) known.hidden = false;
}

function openForm() {
  return document.querySelector("form[data-guard]");
}

function said(form) {
  const values = new FormData(form);
  for (const name of ["seen", "csrfmiddlewaretoken"]) values.delete(name);
  return new URLSearchParams([...values].map(([name, value]) => [name, String(value)])).toString();
}

// What an open card said when it was drawn first; the same card drawn again keeps it.
function remember() {
  const form = openForm();
  const key = form?.elements.card.value ?? "";
  if (!form) typed = CLEAN;
  else if (document.body.dataset.openCard !== key) typed = said(form);
  document.body.dataset.openCard = key;
}

function isChanged() {
  const form = openForm();
  return Boolean(form) && said(form) !== typed;
}

function addName(button) {
  const field = document.getElementById(button.closest("[data-known]").dataset.known);
  const name = button.dataset.name;
  const lines = field.value.includes("\n") || name.includes(",");
  const names = field.value.split(lines ? "\n" : ",").map((each) => each.trim()).filter(Boolean);
  if (!names.includes(name)) names.push(name);
  field.value = lines ? `${names.join("\n")}\n` : names.join(", ");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}

document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-name]");
  if (name) addName(name);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  const card = event.target.closest("[data-rule]");
  const button = card?.querySelector(`[data-move="${event.key === "ArrowUp" ? "up" : "down"}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});

window.addEventListener("beforeunload", (event) => {
  if (isChanged() && !document.body.dataset.leaving) event.preventDefault();
});

document.addEventListener("submit", () => {
  document.body.dataset.leaving = "1";
});

function trouble(text) {
  const place = document.querySelector("#trouble");
  if (!place) return;
  place.textContent = text;
  place.hidden = !text;
}

// Whose page is gone is led there instead of finding it inside the cards; who was signed out is led by the server.
document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = new URL(event.detail.xhr.responseURL || location.href, location.href);
  const own = location.pathname.replace(/draft\/.*$/, "draft/");
  if (answered.pathname.startsWith(own)) return;
  event.detail.shouldSwap = false;
  document.body.dataset.leaving = "1";
  location.assign(answered);
});

const words = document.querySelector("#spoken")?.dataset;
document.addEventListener("htmx:responseError", (event) => {
  trouble(event.detail.xhr.status === 403 ? words?.refused : words?.failed);
});
document.addEventListener("htmx:sendError", () => trouble(words?.offline));
document.addEventListener("htmx:beforeRequest", () => {
  delete document.body.dataset.leaving;
  trouble("");
});
document.addEventListener("htmx:afterSettle", (event) => {
  reveal(document);
  remember();
  if (event.target.id !== "editor") return;
  const place = document.querySelector("#editor [aria-invalid]") ?? document.querySelector("#editor [autofocus]");
  place?.focus();
  if (document.activeElement === document.body) document.querySelector("#editor .open .acts .default")?.focus();
  place?.scrollIntoView({ block: "nearest" });
  if (place?.matches("input[type=text]")) place.select();
});

reveal(document);
remember();
