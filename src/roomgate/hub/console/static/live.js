// One stream for each page: it says what has changed, and the page fetches those parts again.
import { fetchPage, swap } from "./swap.js";
import { banner } from "./forms.js";

const SLOW = 2000;
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
  const known = names.every((id) => document.getElementById(`cell-${id}`));
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
  due ||= setTimeout(refresh, 60);
}

async function fell(data) {
  const words = document.getElementById("words").dataset, main = document.getElementById("main");
  const say = banner("bad", words.cut, `${data.words} ${words.cutNext}`);
  const next = document.createElement("a");
  next.className = "btn";
  say.append(next);
  document.getElementById("said").replaceChildren(say);
  say.scrollIntoView({ block: "nearest" });
  const { status, page } = await fetchPage(location.pathname + location.search).catch(() => ({ status: 0 }));
  if (status === 200) {
    // Something is left: the page shows that from now on.
    for (const part of main.querySelectorAll("[data-live][id]:not(#said)")) if (!page.getElementById(part.id)) part.remove();
    swap(page, { keep: (old) => old.id === "said" });
    next.remove();
    return true;
  }
  main.classList.add("fallen");
  for (const part of main.children) if (part.id !== "said") part.inert = true;
  next.href = status === 401 ? "/signin" : "/rooms";
  next.textContent = status === 401 ? words.signIn : words.again;
  return false;
}

export function follow() {
  const url = document.body.dataset.stream, mark = document.getElementById("live-sign")?.dataset;
  if (!url || !mark) return;
  const stream = new EventSource(url);
  stream.addEventListener("open", () => sign("ok", mark.liveWord));
  stream.addEventListener("changed", (event) => soon(JSON.parse(event.data)));
  stream.addEventListener("cut", async (event) => {
    stream.close();
    sign("bad", mark.cutWord);
    if (await fell(JSON.parse(event.data))) setTimeout(follow, SLOW);
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
