// One click on an id copies it.
export function takeCopies() {
  const words = document.getElementById("words").dataset;
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const label = button.getAttribute("aria-label");
    button.setAttribute("aria-label", words.copied);
    button.dataset.done = "";
    setTimeout(() => { button.setAttribute("aria-label", label); delete button.dataset.done; }, 1500);
  });
}
