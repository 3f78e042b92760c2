// Comfort only: the sidebar is longer than most screens, so the page that one is on is brought into sight.
const sidebar = document.querySelector("#nav-sidebar");
const here = sidebar?.querySelector("[aria-current]");
if (here && here.offsetTop + here.offsetHeight > sidebar.clientHeight) {
  sidebar.scrollTop = here.offsetTop - sidebar.clientHeight / 2;
}
