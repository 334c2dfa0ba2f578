// One stream for each page: it says what has changed, and the page fetches those parts again.
import { fetchPage, swap } from "./swap.js";
import { banner } from "./forms.js";

const SLOW = 2000, SOON = 300, TOGETHER = 20;
let changed = new Set(), due = 0;

function sign(kind, word) {
  const mark = document.getElementById("live-sign");
  if (!mark) return;
  mark.className = `mark mark-${kind}`;
  mark.querySelector("use").setAttribute("href", `#s-${kind}`);
  mark.querySelector("span").textContent = word;
}

async function refresh() {
  due = 0;
  const names = [...changed], body = document.body.dataset;
  changed = new Set();
  let url = body.parts ?? location.pathname + location.search;
  const known = names.length > 0 && names.every((id) => document.getElementById(`cell-${id}`));
  if (!("whole" in body) && body.parts) {
    url = known ? `${body.parts}?${names.map((id) => `id=${encodeURIComponent(id)}`).join("&")}` : location.pathname + location.search;
  }
  try {
    const { status, page } = await fetchPage(url);
    if (status === 200) swap(page);
  } catch (fault) {
    // The stream says when the hub is away.
  }
}

function soon(names) {
  for (const name of names) changed.add(name);
  due ||= setTimeout(refresh, TOGETHER);
}

async function fell(data) {
  const words = document.getElementById("words").dataset, main = document.getElementById("main");
  const said = document.getElementById("said"), own = said.childElementCount > 0;
  const say = banner("bad", words.cut, `${data.words} ${words.cutNext}`);
  // Whoever cut this themself has been told what it did.
  if (!own) said.replaceChildren(say);
  const { status, page } = await fetchPage(location.pathname + location.search).catch(() => ({ status: 0 }));
  const ended = data.cause === "session.ended"; // somebody wanted this page out: it does not come back by itself
  if (status === 200 && !ended) {
    // Something is left: the page shows that from now on.
    for (const part of main.querySelectorAll("[data-live][id]:not(#said), section[id]")) if (!page.getElementById(part.id)) part.remove();
    if (!own && say.isConnected) said.replaceChildren(banner("warn", words.cut, `${data.words} ${words.cutLeft}`));
    swap(page);
    return true;
  }
  const next = document.createElement("a");
  main.classList.add("fallen");
  for (const part of main.children) if (part.id !== "said") part.inert = true;
  next.href = status === 401 ? "/signin" : ended ? location.pathname + location.search : "/rooms";
  next.className = "btn";
  next.textContent = status === 401 ? words.signIn : ended ? words.open : words.again;
  say.append(next);
  said.replaceChildren(say);
  say.scrollIntoView({ block: "nearest" });
  return false;
}

export function follow() {
  const url = document.body.dataset.stream, mark = document.getElementById("live-sign")?.dataset;
  if (!url || !mark) return;
  const stream = new EventSource(url);
  stream.addEventListener("open", async (event) => {
    // The hub's own word, not the browser's: from here on it tells each change. What changed between the page and
    // this moment, or while the hub was away, nobody told: the page is live once it shows what the hub has now.
    if (!event.data) return;
    const { mark: now } = JSON.parse(event.data), body = document.body.dataset;
    if (!now || now !== body.mark) await refresh();
    body.mark = "";
    if (stream.readyState === EventSource.OPEN) sign("ok", mark.liveWord);
  });
  stream.addEventListener("changed", (event) => soon(JSON.parse(event.data)));
  stream.addEventListener("cut", async (event) => {
    stream.close();
    sign("bad", mark.cutWord);
    if (await fell(JSON.parse(event.data))) setTimeout(follow, SOON);
  });
  stream.onerror = () => {
    sign("warn", mark.awayWord);
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(async () => {
      const { status } = await fetchPage(location.pathname + location.search).catch(() => ({ status: 0 }));
      if (status === 401 || status === 404) await fell({ words: "" });
      else follow();
    }, SLOW);
  };
}
