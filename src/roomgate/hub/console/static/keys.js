// Keyboard: / finds, ? helps, g and a letter goes to a page, Esc leaves the search.
const typing = (target) => target instanceof Element && target.matches("input, textarea, select, [contenteditable]");
const at = (event) => event.composedPath()[0] ?? event.target; // also inside the code editor, which hides its parts

export function takeKeys() {
  let went = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = at(event), inside = target !== event.target;
    if (event.key === "Escape" && typing(target)) return inside ? undefined : target.blur();
    if (typing(target)) return;
    if (event.key === "/") {
      const find = document.querySelector('input[type="search"]');
      if (find) { event.preventDefault(); find.focus(); find.select(); }
    } else if (event.key === "?") {
      document.getElementById("keys")?.togglePopover();
    } else if (event.key === "g") {
      went = performance.now();
      return;
    } else if (performance.now() - went < 1500 && /^[a-z]$/.test(event.key)) {
      document.querySelector(`.nav a[data-key="${event.key}"]`)?.click();
    }
    went = 0;
  });
}
