// On a narrow screen the pages of a room are wider than it: the one that is open is brought into view.
export function showTab() {
  const open = document.querySelector(".tabs [aria-current]");
  if (!open) return;
  const row = open.closest(".tabs");
  row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
}
