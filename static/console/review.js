// Comfort for reviewers: J and K go through the queue, C, H and R open what a verdict would move. No key decides:
// deciding is sending the form, as without this script.
const TYPING = "input, textarea, select, [contenteditable]";
const page = document.querySelector("#case");
const dialog = document.querySelector("#verdict-dialog");
const keys = document.querySelector("#keys-dialog");
let opening = false;

async function open(link) {
  if (opening) return;
  opening = true; // whoever types on meanwhile must not leave the case by a letter of the reason
  try {
    const form = dialog?.showModal && (await formOf(link.href));
    if (!form) return go(link.href); // signed out, or gone: the page itself says so
    dialog.replaceChildren(document.importNode(form, true));
    dialog.showModal();
    dialog.querySelector("textarea, input:not([type=hidden])")?.focus();
  } finally {
    opening = false;
  }
}

async function formOf(address) {
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    return page && page.querySelector("#verdict-form");
  } catch {
    return null; // no network: the browser's own page says so
  }
}

function go(address) {
  if (address) location.assign(address);
}

function rows() {
  return [...document.querySelectorAll("#result_list tbody th a")];
}

function step(by) {
  if (page) return go(by > 0 ? page.dataset.next : page.dataset.previous);
  const all = rows();
  const at = all.indexOf(document.activeElement);
  all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

function isTyping(target) {
  const field = target.closest?.(TYPING);
  return Boolean(field && !field.closest("dialog:not([open])")); // a closed one may keep the focus for a moment
}

const DO = {
  j: () => step(1),
  k: () => step(-1),
  "?": () => keys?.showModal?.(),
};

document.addEventListener("keydown", (event) => {
  if (opening || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const link = document.querySelector(`[data-verdict][data-key="${CSS.escape(key)}"]`);
  const act = DO[key] ?? (link && (() => open(link)));
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const verdict = event.target.closest("a[data-verdict]");
  if (verdict && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    open(verdict);
  } else if (event.target.closest("#verdict-dialog [data-close]") || event.target === dialog) {
    event.preventDefault();
    dialog.close();
  } else if (event.target.closest("[data-help]")) {
    keys?.showModal?.();
  }
});

for (const button of document.querySelectorAll("[data-help]")) button.hidden = !keys?.showModal;
