// What was changed on a page of settings is not lost: a search takes it along, and a way to another page keeps it.
const form = document.querySelector("form[data-edits]"), carried = document.getElementById("carried");

const initial = (field) => field.tagName === "SELECT"
  ? ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value
  : field.defaultValue;
const fields = (within) => [...within.querySelectorAll("[name^='v:']")];
const changed = () => fields(form).filter((one) => one.type === "hidden" || one.value !== initial(one));

function hidden(name, value) {
  const made = document.createElement("input");
  made.type = "hidden";
  made.name = name;
  made.value = value;
  return made;
}

// The rows are about to be others: what was changed in the old ones goes on, unseen, until its row comes back.
document.addEventListener("leaving", (event) => {
  if (!form?.contains(event.target)) return;
  for (const field of fields(event.target)) {
    if (field.value === initial(field)) continue;
    const was = form.elements.namedItem(`w:${field.name.slice(2)}`);
    const both = document.createElement("span");
    both.append(hidden(field.name, field.value), hidden(was.name, was.value));
    carried.append(both);
  }
  for (const field of fields(event.detail)) {
    const kept = carried.querySelector(`[name="${CSS.escape(field.name)}"]`);
    if (!kept) continue;
    field.value = kept.value;
    kept.parentElement.remove();
  }
});

let asked = false;
function leave(href) {
  if (!form || changed().length === 0) return false;
  asked = true;
  form.append(hidden("go", href));
  form.submit();
  return true;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-leaves]");
  if (link && !event.ctrlKey && !event.metaKey && leave(link.getAttribute("href"))) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  if (event.target === form) asked = true;
  if (!event.target.matches("form[data-leaves]")) return;
  const query = new URLSearchParams(new FormData(event.target));
  if (leave(`${event.target.getAttribute("action")}?${query}`)) event.preventDefault();
});
addEventListener("beforeunload", (event) => {
  if (form && !asked && changed().length > 0) event.preventDefault();
});
