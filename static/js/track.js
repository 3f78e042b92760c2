// See docs/integrations/tag.md
(() => {
const safe = (work) => (...given) => {
  try {
    return work(...given);
  } catch (e) {}
};
const script = document.currentScript;
if (!script) return;
const set = script.dataset;
const name = set.as || "tributary";
const stub = window[name] || {};
if (stub.q === 0) return;
const queue = stub.q || [];
const hosts = (set.hosts || "").split(" ");
const find = (pattern, text) => (pattern.exec(text) || [])[1];

const tidIn = (address) => find(/[?&#]tid=([\w-]{32})(?![\w-])/, address);
const from = document.referrer;
const isFromHere = !from.indexOf(location.origin + "/");
let landed = tidIn(location.search + location.hash);
let id, kept, said, signalled, told, shown;
let isFree = set.consent === "granted";
const waiting = [];
const sold = {};

const consent = () =>
  said ||
  (navigator.globalPrivacyControl && "denied") ||
  signalled ||
  (isFree || stored() ? "granted" : "unknown");
const isGranted = () => consent() === "granted";

const inCookie = safe(() => find(/(?:^|; )_tid=([\w-]{32})/, document.cookie));
const local = () => safe(() => localStorage._tid.split("."))() || [];
const stored = () => inCookie() || (local()[1] > Date.now() && local()[0]);

const domains = location.hostname.split(".").map((_, n, all) => "; Domain=" + all.slice(-1 - n).join(".")).concat("");
const secure = location.protocol === "https:" ? "; Secure" : "";
const bake = (value, age, domain) => {
  document.cookie = "_tid=" + value + "; Path=/; SameSite=Lax; Max-Age=" + age + domain + secure;
};
const forget = safe((all) => {
  domains.forEach((domain) => bake("", 0, domain));
  delete localStorage._tid;
  if (all) delete sessionStorage._tid;
});
const store = safe((until) => {
  forget();
  const age = ((until - Date.now()) / 1000) | 0;
  domains.some((domain) => bake(id, age, domain) || inCookie() === id);
  localStorage._tid = id + "." + until;
});

const when = (tid) => {
  const bytes = atob(tid.slice(0, 8).replace(/-/g, "+").replace(/_/g, "/"));
  const ms = [...bytes].reduce((n, byte) => n * 256 + byte.charCodeAt(), 0);
  return ms < Date.now() + 864e5 && ms;
};

const settle = safe(() => {
  const now = consent();
  kept = isGranted() && stored();
  if (landed && kept && when(landed) < when(kept)) landed = "";
  id = landed || kept || (isFromHere && tidIn(from)) || "";
  if (isGranted()) {
    if (id && inCookie() !== id && (!kept || kept === id)) store(local()[0] === id ? local()[1] : Date.now() + 2592e6);
    waiting.splice(0).forEach(commands.identify);
  } else if ((said || signalled) === "denied") forget(1);
  fill();
  fillCart();
  if (told && told !== now && landed) tellPage();
});

const tell = (e, d, then = () => {}, isLast) => {
  const isPage = e === "page";
  const u = location.origin + location.pathname + (isPage ? location.search : "");
  const body = JSON.stringify({ k: set.key, e, tid: isPage ? landed : id, c: consent(), u, r: from, d });
  const to = set.to || new URL("/t", script.src).href;
  fetch(to, { method: "POST", body, keepalive: true })
    .then((answer) => {
      if (answer.status === 503 && !isLast) setTimeout(tell, 2e3, e, d, then, 1);
      return answer.json();
    })
    .then((answer) => (answer.error ? console.warn(name, answer.error) : then(answer)))
    .catch(() => then({ window: 2592e3 }, navigator.sendBeacon(to, body)));
};
const tellPage = () => {
  told = consent();
  tell("page", { was: kept }, (answer) => {
    if (answer.tid === "" && stored() === landed) forget();
    landed = "tid" in answer ? answer.tid : landed;
    settle();
    if (answer.window && landed && isGranted()) store(Date.now() + answer.window * 1000);
  });
};

const spelled = safe((email) => {
  const text = email.normalize("NFKC").trim().toUpperCase().toLowerCase();
  let [, user, host] = /^(.+)@(.+)$/.exec(text);
  user = user.split("+")[0] || user;
  if (/^g(oogle)?mail\.com$/.test(host)) {
    user = user.replace(/\./g, "");
    host = "gmail.com";
  }
  return user + "@" + new URL("http://" + host).hostname;
});
const named = (given) => {
  const data = Object.assign({}, given);
  const email = spelled(data.email);
  delete data.email;
  if (!isGranted()) delete data.customer;
  else if (email && crypto.subtle)
    return crypto.subtle.digest("SHA-256", new TextEncoder().encode(email)).then((hash) => {
      data.email_sha256 = new Uint8Array(hash).reduce((n, byte) => n + (byte + 256).toString(16).slice(1), "");
      return data;
    });
  return Promise.resolve(data);
};

const commands = {
  id: (then) => (then && then(id), id),
  consent: (word) => {
    said = word === "granted" ? word : "denied";
    settle();
  },
  identify: (who) => {
    if (isGranted()) named(who).then((data) => (data.customer || data.email_sha256) && tell("identify", data));
    else waiting.push(who);
  },
  conversion: (order) => {
    const once = [order.goal, order.order];
    if (!sold[once]) named((sold[once] = order)).then((data) => tell("conversion", data));
  },
};
const run = safe((call) => commands[call[0]](call[1]));

const put = (form, title) => {
  const input = form.querySelector('input[name="' + title + '"]') || document.createElement("input");
  if (!input.name) form.append(Object.assign(input, { type: "hidden", name: title }));
  input.value = id;
};
const fill = () => {
  if (!id && !shown) return;
  shown = id;
  document.querySelectorAll("form[data-tid]").forEach((form) => put(form, form.dataset.tid || "tid"));
  document.querySelectorAll("input[name=tid]").forEach((input) => (input.value = id));
};
const fillCart = safe(() => {
  const cart = id + find(/(?:^|; )(cart=[^;]*)/, document.cookie);
  if (!window.Shopify || !id || !isGranted() || sessionStorage._tid === cart) return;
  sessionStorage._tid = cart;
  const body = JSON.stringify({ attributes: { tid: id } });
  navigator.sendBeacon("/cart/update.js", new Blob([body], { type: "application/json" }));
});

const takes = (link) =>
  id && link.host && (link.host === location.host ? !isGranted() || stored() !== id : hosts.includes(link.host));
const follow = safe((e) => {
  const link = e.target.closest('a[href]:not([href^="#"])');
  if (takes(link) && !tidIn(link.search)) link.search += (link.search ? "&" : "?") + "tid=" + id;
});
const submit = safe((e) => {
  fill();
  if (takes(new URL(e.target.getAttribute("action") || location.href, document.baseURI))) put(e.target, "tid");
});

const hear = safe(([kind, step, { ad_storage: word }]) => {
  if (kind !== "consent" || !word) return;
  if (step === "update") signalled = word;
  else if (isFree !== 0) isFree = word === "granted" || 0;
  settle();
});
const start = safe(() => {
  const layer = (window.dataLayer = window.dataLayer || []);
  const push = layer.push;
  layer.forEach(hear);
  layer.push = (...entries) => {
    entries.forEach(hear);
    return push.apply(layer, entries);
  };
  settle();
  queue.forEach(run);
  window[name] = (...call) => run(call);
  window[name].q = 0;
  document.addEventListener(name, (e) => run(e.detail));
  document.addEventListener("mousedown", follow, true);
  document.addEventListener("click", follow, true);
  document.addEventListener("submit", submit, true);
  document.addEventListener("DOMContentLoaded", settle);
  told = consent();
  if (landed ? !from.includes(id) || (kept && kept !== id) : from && !isFromHere) tellPage();
  document.dispatchEvent(new Event(name + ":ready"));
});
start();
})();
