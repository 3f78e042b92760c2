// Comfort for the mapping page only: pointing at a value of the sample, and the outcome while one types.
const form = document.querySelector("form#mapping");
const WAIT = 350;
const SAMPLES = ["message", "customer", "who"]; // another sample is taken by its button
let current = null;
let timer = 0;
let asked = 0;

function rows() {
  return [...form.querySelectorAll(".map-row")];
}

function pointAt(row) {
  current?.classList.remove("current");
  current = row;
  current?.classList.add("current");
  const label = document.querySelector("#pointing-at");
  if (!label) return;
  label.textContent = row ? row.querySelector("legend").firstChild.textContent.trim() : "";
  label.closest(".pointing").hidden = !row;
}

function choose(select, path) {
  const value = `path:${path}`;
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(path, value));
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

function nextEmpty(row) {
  const all = rows();
  const after = [...all.slice(all.indexOf(row) + 1), ...all];
  return after.find((each) => each.querySelector(".needed") && !each.querySelector(".from").value) ?? row;
}

function markUsed() {
  const used = new Set([...form.querySelectorAll(".from")].map((select) => select.value));
  for (const leaf of form.querySelectorAll(".leaf")) {
    const is = used.has(`path:${leaf.dataset.path}`) || used.has(`path:${leaf.dataset.each}`);
    leaf.classList.toggle("used", is);
  }
}

async function look() {
  const turn = ++asked;
  const body = new FormData(form);
  body.set("act", "try");
  let page;
  try {
    const answer = await fetch(form.action || location.href, { method: "POST", body, credentials: "same-origin" });
    if (!answer.ok) return;
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return; // the button still tries it
  }
  if (turn !== asked) return;
  for (const id of ["outcome", "problems"]) {
    const fresh = page.getElementById(id);
    if (fresh) document.getElementById(id).replaceChildren(...fresh.childNodes);
  }
  for (const place of form.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${place.dataset.live}"]`);
    if (!fresh) continue;
    place.replaceChildren(...fresh.childNodes);
    place.closest(".map-row")?.classList.toggle("wrong", Boolean(place.querySelector(".bad")));
  }
}

function lookSoon() {
  clearTimeout(timer);
  timer = setTimeout(look, WAIT);
}

if (form) {
  form.classList.add("scripted");
  for (const leaf of form.querySelectorAll(".leaf")) leaf.disabled = false;
  form.addEventListener("focusin", (event) => {
    const row = event.target.closest(".map-row");
    if (row) pointAt(row);
  });
  form.addEventListener("click", (event) => {
    const leaf = event.target.closest(".leaf");
    if (!leaf || !current) return;
    choose(current.querySelector(".from"), "lines" in current.dataset ? leaf.dataset.each : leaf.dataset.path);
    pointAt(nextEmpty(current));
  });
  form.addEventListener("change", (event) => {
    markUsed();
    if (!SAMPLES.includes(event.target.name)) lookSoon();
  });
  form.addEventListener("input", (event) => {
    if (!SAMPLES.includes(event.target.name)) lookSoon();
  });
  pointAt(rows().find((row) => row.querySelector(".needed") && !row.querySelector(".from").value) ?? rows()[0] ?? null);
  markUsed();
}
