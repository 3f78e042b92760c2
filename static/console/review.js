// Comfort for reviewers: J and K go through the queue, C, H and R open what a verdict would move, and a switch turns all of
// them off. No key decides: deciding is sending the form, as without this script.
const TYPING = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit], [type=button])";
const KEPT = "review-keys";
const page = document.querySelector("#case");
const sheet = document.querySelector("#keys-dialog");
let on = read() !== "off";

function read() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing: they are on until the page is left
  }
}

function turn(to) {
  on = to;
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    // as above
  }
  show();
}

function show() {
  document.documentElement.classList.toggle("no-keys", !on);
  for (const box of document.querySelectorAll("[data-keys-switch]")) box.checked = on;
  for (const one of document.querySelectorAll("[data-shortcut]")) {
    if (on) one.setAttribute("aria-keyshortcuts", one.dataset.shortcut);
    else one.removeAttribute("aria-keyshortcuts");
  }
}

function step(by) {
  if (!page) return along(by);
  const address = by > 0 ? page.dataset.next : page.dataset.previous;
  if (address) location.assign(address);
  else tell(by > 0 ? page.dataset.noNext : page.dataset.noPrevious);
}

function tell(words) {
  const said = document.querySelector("#said");
  said.textContent = words;
  setTimeout(() => said.textContent === words && said.replaceChildren(), 4000);
}

function along(by) {
  const all = [...document.querySelectorAll("#result_list tbody th a")];
  const at = all.findIndex((link) => link.closest("tr").contains(document.activeElement));
  all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

function isBusy(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return true;
  if (document.querySelector("dialog:is([open], [data-opening])")) return true;
  const field = event.target.closest?.(TYPING);
  return Boolean(field && !field.closest("dialog:not([open])")); // a closed one may keep the focus for a moment
}

const DO = { j: () => step(1), k: () => step(-1), "?": () => sheet.showModal() };

document.addEventListener("keydown", (event) => {
  if (!on || isBusy(event)) return;
  const key = event.key.toLowerCase();
  const link = document.querySelector(`[data-verdict][data-key="${CSS.escape(key)}"]`);
  const act = DO[key] ?? (link && (() => link.click()));
  if (!act || (event.repeat && page)) return; // a key that is held down leaps over no case
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-help]")) sheet.showModal();
  else if (event.target === sheet) sheet.close();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-switch]")) turn(event.target.checked);
});
addEventListener("storage", (event) => {
  if (event.key !== KEPT) return; // another tab
  on = event.newValue !== "off";
  show();
});

for (const line of document.querySelectorAll("[data-keys]")) line.hidden = false;
show();
