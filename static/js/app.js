// Comfort only: every action below has a plain link or form behind it.
const root = document.documentElement;
const toast = document.querySelector("#toast");
const sheet = document.querySelector("#sheet");
const MODES = ["auto", "light", "dark"];
let hiding = 0;

function say(text) {
  toast.textContent = text;
  toast.showPopover?.();
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.hidePopover?.(), 2200);
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(button.dataset.said);
  } catch {
    const field = button.parentElement.querySelector("input");
    field?.select();
  }
}

function showMode(mode) {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.title = button.dataset[mode];
    for (const icon of button.querySelectorAll("[data-when]")) icon.hidden = icon.dataset.when !== mode;
  }
}

function nextMode() {
  const mode = MODES[(MODES.indexOf(root.dataset.theme) + 1) % MODES.length];
  const secure = location.protocol === "https:" ? ";secure" : "";
  root.dataset.theme = mode;
  document.cookie = `theme=${mode};path=/;max-age=31536000;samesite=lax${secure}`;
  showMode(mode);
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target instanceof HTMLDialogElement) return target.close();
  const button = target.closest("[data-copy], [data-close], [data-theme-toggle], [data-print], [data-open]");
  if (!button) return;
  if (button.dataset.copy !== undefined) copy(button);
  if (button.dataset.close !== undefined) button.closest("dialog").close();
  if (button.dataset.themeToggle !== undefined) nextMode();
  if (button.dataset.print !== undefined) print();
  if (button.dataset.open !== undefined) {
    event.preventDefault();
    document.getElementById(button.dataset.open).showModal();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});

const words = document.querySelector("#words")?.dataset;
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "sheet-content" || sheet.open) return;
  sheet.showModal();
  sheet.scrollTop = 0;
});
document.addEventListener("htmx:responseError", () => say(words.wordsFailed));
document.addEventListener("htmx:sendError", () => say(words.wordsOffline));

for (const element of document.querySelectorAll("[data-script]")) element.hidden = false;
showMode(root.dataset.theme);
