// Search as you type, over what is on the page; Enter asks the server.
export function refind() {
  const input = document.querySelector("input[data-find]");
  if (!input) return;
  const wanted = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let seen = 0;
  for (const one of document.querySelectorAll(input.dataset.find)) {
    const text = one.dataset.text ?? "";
    one.hidden = !wanted.every((word) => text.includes(word));
    if (!one.hidden) seen += 1;
  }
  for (const site of document.querySelectorAll(".of-site")) site.hidden = !site.querySelector(".findable:not([hidden])");
  const none = document.getElementById("none-found");
  if (none) none.hidden = seen > 0;
}

export function takeFind() {
  const input = document.querySelector("input[data-find]");
  if (!input) return;
  input.addEventListener("input", refind);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; refind(); }
  });
  for (const select of document.querySelectorAll("select[data-submit]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
  }
  refind();
}
