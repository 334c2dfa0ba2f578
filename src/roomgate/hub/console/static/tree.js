// A device's status as a tree: found as you type, and a name's path is copied with one press.
const tree = () => document.querySelector(".tree");

function pathOf(button) {
  const names = [button.textContent];
  for (let at = button.closest("details"); at; at = at.parentElement.closest("details")) names.unshift(at.querySelector("summary").textContent);
  return [tree().dataset.root, ...names].join("/");
}

// Whether anything below has all the words that nothing above it had.
function show(item, words, above) {
  const details = item.querySelector(":scope > details");
  const text = `${above}/${(details ? details.firstElementChild : item).textContent}`.toLowerCase();
  let seen = 0;
  if (details) for (const one of details.querySelectorAll(":scope > ul > li")) seen += show(one, words, text);
  else seen = words.every((word) => text.includes(word)) ? 1 : 0;
  item.hidden = !seen;
  if (details && words.length) details.open = seen > 0;
  return seen;
}

export function retree() {
  const input = document.getElementById("tree-find");
  if (!input || !tree()) return;
  const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let seen = 0;
  for (const one of tree().children) seen += show(one, words, tree().dataset.root);
  document.getElementById("tree-none").hidden = seen > 0;
}

export function takeTree() {
  const input = document.getElementById("tree-find");
  if (!input) return;
  const copied = document.getElementById("words").dataset.copied;
  input.addEventListener("input", () => {
    retree();
    if (!input.value) for (const one of tree().querySelectorAll("details[open]")) one.open = false;
  });
  tree().addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    await navigator.clipboard.writeText(pathOf(button));
    button.dataset.done = copied;
    setTimeout(() => delete button.dataset.done, 1500);
  });
}
