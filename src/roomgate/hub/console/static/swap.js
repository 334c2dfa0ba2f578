// A page of ours is fetched as a document, which no script of it ever runs in, and its live parts take the
// places of the old ones. No string ever becomes markup here.
import { localise } from "./time.js";
import { refind } from "./find.js";
import { retree } from "./tree.js";

// A look (`quiet`) leaves what is to be said once to whoever acted, and wipes nothing that was said.
export function fetchPage(url, { body = null, signal = null, quiet = !body } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(body ? "POST" : "GET", url);
    request.responseType = "document";
    request.timeout = 40000;
    if (quiet) request.setRequestHeader("X-Look", "1");
    if (body) request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8");
    request.onload = () => {
      const page = request.response;
      if (quiet && page) page.documentElement.dataset.quiet = "";
      resolve({ status: request.status, url: request.responseURL, page });
    };
    request.onerror = request.ontimeout = () => reject(new Error("unreachable"));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

const busy = (old) => {
  const at = document.activeElement;
  return at && old.contains(at) && at.matches("input:not([type=hidden]), textarea, select");
};

const SAYS = "#said, .say-here";

export function swap(page, { keep = () => false } = {}) {
  const quiet = "quiet" in page.documentElement.dataset;
  for (const fresh of page.querySelectorAll("[data-live][id]")) {
    if (fresh.parentElement?.closest("[data-live][id]")) continue;
    const old = document.getElementById(fresh.id);
    if (!old || busy(old) || keep(old, fresh)) continue;
    if (quiet) keepSaid(old, fresh);
    keepOpen(old, fresh);
    if (old.isEqualNode(fresh)) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const made = document.importNode(fresh, true);
    old.dispatchEvent(new CustomEvent("leaving", { bubbles: true, detail: made })); // what is typed may be taken along
    old.replaceWith(made);
    localise(made);
    if (focused) refocus(made, focused);
  }
  for (const fresh of page.querySelectorAll("#main section[id]")) {
    const before = document.getElementById(fresh.previousElementSibling?.id ?? "");
    if (before && !document.getElementById(fresh.id)) before.after(document.importNode(fresh, true));
  }
  const stream = page.body?.dataset?.parts;
  if (stream) document.body.dataset.parts = stream;
  refind();
  retree();
}

// What somebody has opened stays open.
function keepOpen(old, fresh) {
  if (!old.matches("details")) return;
  const open = new Set([...old.parentElement.querySelectorAll("details[open]")].map(placeOf));
  for (const one of fresh.parentElement.querySelectorAll("details")) if (open.has(placeOf(one))) one.open = true;
}

function placeOf(details) {
  const name = details.firstElementChild?.textContent ?? "";
  const above = details.parentElement?.closest("details");
  return above ? `${placeOf(above)}/${name}` : name;
}

function keepSaid(old, fresh) {
  for (const place of [fresh, ...fresh.querySelectorAll(SAYS)]) {
    if (!place.matches(SAYS) || place.childElementCount) continue;
    const said = document.getElementById(place.id);
    if (said && old.contains(said)) place.replaceChildren(...[...said.childNodes].map((node) => copyInto(place, node)));
  }
}

const copyInto = (place, node) => place.ownerDocument.importNode(node, true);

function refocus(made, focused) {
  const action = focused.form?.getAttribute("action");
  const like = focused.id
    ? document.getElementById(focused.id)
    : action && made.querySelector(`form[action="${CSS.escape(action)}"] button`);
  like?.focus({ preventScroll: true });
}
