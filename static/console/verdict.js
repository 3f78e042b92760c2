// A verdict is asked for in a dialog over the case and sent from there: whatever goes wrong on the way (no network, signed
// out, decided meanwhile) is said beside the button, and what was written stays. Without this script pages do the same.
const dialog = document.querySelector("#verdict-dialog");
const said = document.querySelector("#said");
let sending = false;

async function open(link) {
  if ("opening" in dialog.dataset) return;
  said.textContent = "";
  dialog.dataset.opening = ""; // whoever types on meanwhile must not leave the case by a letter of the reason
  try {
    const form = await formOf(link.href);
    if (!form) return location.assign(link.href); // signed out, or gone: the page itself says so
    dialog.replaceChildren(form);
    dialog.showModal();
    (dialog.querySelector("textarea, input:not([type=hidden])") ?? dialog.querySelector("a"))?.focus();
  } catch {
    said.textContent = said.dataset.offline;
  } finally {
    delete dialog.dataset.opening;
  }
}

async function formOf(address) {
  const answer = await fetch(address);
  return answer.ok ? formIn(answer) : null;
}

async function formIn(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector("#verdict-form");
  return form && document.importNode(form, true);
}

async function send(form) {
  if (sending) return; // a second click
  sending = true;
  const button = form.querySelector("[type=submit]");
  button.textContent = form.dataset.working;
  say(form, "");
  const wrong = await sent(form, true);
  sending = false;
  if (!wrong) return;
  button.textContent = form.dataset.again;
  say(form, wrong);
}

/** Sends a form; what is wrong, or nothing: then the page goes on by itself. */
async function sent(form, mayRenew) {
  try {
    const told = { "X-Requested-With": "fetch" };
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: told, redirect: "manual" });
    if (answer.type === "opaqueredirect") return "signed-out"; // nothing but the log-in sends elsewhere
    if (answer.status === 204) return location.replace(answer.headers.get("Location"));
    if (answer.status === 403 && mayRenew) return (await notRenewed(form)) ?? sent(form, false);
    const shown = answer.ok && (await formIn(answer));
    if (!shown) return "failed";
    form.replaceWith(shown);
    shown.querySelector(".errorlist ~ textarea, textarea, .acts a")?.focus();
  } catch {
    return "offline";
  }
}

/** Takes the token of a session that began in another tab; what is wrong where there is none. */
async function notRenewed(form) {
  const answer = await fetch(form.action);
  const token = answer.ok && (await formIn(answer))?.elements.csrfmiddlewaretoken?.value;
  if (!token && answer.ok) return "signed-out"; // the log-in is a page
  if (!token) return [403, 404].includes(answer.status) ? "refused" : "failed";
  form.elements.csrfmiddlewaretoken.value = token;
}

function say(form, what) {
  for (const words of form.querySelectorAll("[data-said]")) words.hidden = words.dataset.said !== what;
}

document.addEventListener("click", (event) => {
  const verdict = event.target.closest("a[data-verdict]");
  const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  if (verdict && isPlain && dialog?.showModal) {
    event.preventDefault();
    open(verdict);
  } else if (event.target.closest("#verdict-dialog [data-close]") || event.target === dialog) {
    event.preventDefault();
    dialog.close();
  }
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "verdict-form") return;
  event.preventDefault();
  send(event.target);
});

// what the browser kept of a page may be decided by now
addEventListener("pageshow", (event) => event.persisted && location.reload());
