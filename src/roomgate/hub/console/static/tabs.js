// On a narrow screen the row of pages is wider than it: the open one is brought into view.
export function showTab() {
  const open = document.querySelector(".tabs [aria-current]");
  const row = open?.closest(".tabs");
  if (row) row.scrollLeft = open.offsetLeft - row.offsetLeft - row.clientWidth / 3;
}
