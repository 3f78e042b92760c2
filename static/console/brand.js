// Asks for the picture of the colors while a brand is being chosen; without it the page shows the saved ones.
document.addEventListener("DOMContentLoaded", () => {
  const place = document.querySelector("[data-preview]");
  const fields = ["colour", "font", "radius"].map((name) => document.querySelector(`#id_${name}`)).filter(Boolean);
  let waiting = 0;

  async function refresh() {
    const query = new URLSearchParams(fields.map((field) => [field.name, field.value]));
    const answer = await fetch(`${place.dataset.preview}?${query}`);
    if (answer.ok) place.innerHTML = await answer.text();
  }

  if (!place) return;
  for (const field of fields) {
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(refresh, 150);
    });
  }
});
