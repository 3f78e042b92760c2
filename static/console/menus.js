// Comfort only: a menu closes by Escape, which leaves the focus on its button, and by a click elsewhere.
const MENUS = "details.menu[open], details.more-acts[open]";

document.addEventListener("click", (event) => {
  const own = event.target.closest("details");
  for (const menu of document.querySelectorAll(MENUS)) {
    if (menu !== own) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details[open]");
  if (!menu || !menu.matches(MENUS)) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
