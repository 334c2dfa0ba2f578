// Forms answer in place: what was asked says that it is on its way where it was made, and then what became of it.
import { fetchPage, swap } from "./swap.js";
import { words } from "./time.js";

// Built by hand and filled with textContent: what a server or a device said stays text.
export function banner(kind, title, text) {
  const box = document.createElement("div"), head = document.createElement("span"), said = document.createElement("p");
  box.className = kind === "void" ? "banner" : `banner banner-${kind}`;
  box.setAttribute("role", kind === "bad" ? "alert" : "status");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("viewBox", "0 0 14 14");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#s-${kind}`);
  svg.append(use);
  head.className = `mark mark-${kind}`;
  head.append(svg, title);
  said.textContent = text;
  box.append(head, said);
  return box;
}

function place(form) {
  return document.getElementById(form.dataset.ask ?? "said") ?? document.getElementById("said");
}

// What was sent is over: the fields are as a fresh page has them.
function refill(form, fresh) {
  for (const field of form.elements) {
    const now = field.name && field.type !== "hidden" && field.type !== "submit" && fresh?.elements.namedItem(field.name);
    if (now) field.value = now.value;
  }
}

async function send(form, submitter) {
  const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  for (const said of document.querySelectorAll("#said, .say-here")) {
    if (!said.querySelector("[data-waiting]")) said.replaceChildren();
  }
  const body = new URLSearchParams(new FormData(form, submitter));
  const buttons = submitter ? [submitter] : form.querySelectorAll("button");
  for (const button of buttons) { button.disabled = true; button.setAttribute("aria-busy", "true"); }
  const slow = setTimeout(() => place(form).replaceChildren(banner("void", words().sending, "")), 250);
  try {
    const { status, url, page } = await fetchPage(action, { body: body.toString() });
    clearTimeout(slow);
    if (status === 401 || !page?.getElementById("main")?.classList.contains("page")) {
      location.assign(location.pathname);
      return;
    }
    if (new URL(url).pathname !== location.pathname) { location.assign(url); return; }
    const at = document.activeElement, here = form.contains(at) || at === submitter;
    if (here) at.blur(); // what somebody is typing in is never swapped, and this was sent
    place(form).replaceChildren();
    if (status >= 400) {
      place(form).replaceChildren(...[...page.querySelectorAll("#main .banner")].map((one) => document.importNode(one, true)));
    } else {
      swap(page);
      const waiting = page.querySelector("[data-waiting]");
      if (!waiting && form.dataset.ask) refill(form, page.querySelector(`form[action="${CSS.escape(action)}"]`));
    }
    if (here && document.activeElement === document.body) {
      const again = document.querySelector(`form[action="${CSS.escape(action)}"] button`) ?? document.getElementById("main");
      again.focus({ preventScroll: true });
    }
    pollWaiting();
  } catch (fault) {
    clearTimeout(slow);
    place(form).replaceChildren(banner("warn", words().lost, words().lostText));
  } finally {
    for (const button of buttons) { button.disabled = false; button.removeAttribute("aria-busy"); }
  }
}

// While the room is asked: a countdown, and a look every second.
let polling = false;
export async function pollWaiting() {
  if (polling) return;
  polling = true;
  try {
    for (;;) {
      const waiting = document.querySelector("[data-waiting]");
      if (!waiting) return;
      const began = performance.now(), from = Number(waiting.dataset.waiting);
      const bar = waiting.querySelector("progress"), say = waiting.querySelector("[data-countdown]");
      const count = setInterval(() => {
        const left = Math.max(0, Math.round(from - (performance.now() - began) / 1000));
        if (bar) bar.value = left;
        if (say) say.textContent = say.textContent.replace(/\d+/, String(left));
      }, 250);
      await new Promise((done) => setTimeout(done, 1000));
      clearInterval(count);
      const { status, page } = await fetchPage(document.body.dataset.parts);
      if (status !== 200) return;
      swap(page);
      const place = waiting.closest(".say-here"), now = document.getElementById(place?.id ?? "");
      if (now?.querySelector(".banner-ok")) document.querySelector(`form[data-ask="${now.id}"]`)?.reset();
    }
  } catch (fault) {
    // The next look comes with the stream.
  } finally {
    polling = false;
  }
}

export function takeForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("ask" in form.dataset || "liveForm" in form.dataset)) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  document.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement && "send" in event.target.dataset) {
      const output = document.querySelector(`output[for="${event.target.id}"]`);
      if (output) output.textContent = event.target.value;
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement && "send" in event.target.dataset) event.target.form.requestSubmit();
  });
  pollWaiting();
}
