// Search as you type, over what is on the page; the hub is asked where the page has not all. Enter asks it anyway.
import { fetchPage, swap } from "./swap.js";

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

async function ask(text) {
  const url = new URL(location);
  url.searchParams.set("q", text);
  const { status, page } = await fetchPage(url).catch(() => ({ status: 0 }));
  if (status !== 200 || document.querySelector("input[data-find]").value !== text) return;
  history.replaceState(null, "", url);
  swap(page);
}

export function takeFind() {
  for (const choice of document.querySelectorAll("[data-submit]")) {
    choice.addEventListener("change", () => choice.form.requestSubmit());
  }
  const input = document.querySelector("input[data-find]");
  if (!input) return;
  let pause = 0;
  const more = document.querySelector("[data-more]");
  input.addEventListener("input", () => {
    refind();
    clearTimeout(pause);
    if (more) pause = setTimeout(() => ask(input.value), 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; refind(); }
  });
  refind();
}
