// Times in the reader's own zone, and what is left of things that end.
const hour = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

const units = (seconds) => {
  const days = Math.floor(seconds / 86400), hours = Math.floor((seconds % 86400) / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  if (days) return days < 4 && hours ? [[days, "day"], [hours, "hour"]] : [[days, "day"]];
  if (hours) return minutes ? [[hours, "hour"], [minutes, "minute"]] : [[hours, "hour"]];
  return minutes ? [[minutes, "minute"]] : [[seconds, "second"]];
};

export function duration(seconds) {
  const language = document.documentElement.lang;
  return units(Math.max(0, Math.floor(seconds)))
    .map(([n, unit]) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: unit === "day" ? "long" : "short" }).format(n))
    .join(" ");
}

export function localise(root = document) {
  for (const time of root.querySelectorAll("time[data-form]:not([data-local])")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    time.textContent = (time.dataset.form === "clock" ? hour : full).format(moment);
    time.dataset.local = "";
  }
}

function tick() {
  const now = Date.now();
  for (const ends of document.querySelectorAll(".ends[data-until]")) {
    const from = Date.parse(ends.dataset.from), until = Date.parse(ends.dataset.until);
    const left = Math.max(0, (until - now) / 1000), whole = Math.max(1, (until - from) / 1000);
    const words = ends.firstElementChild, bar = ends.querySelector("progress");
    ends.dataset.words ??= words.textContent.replace(/\d.*\d|\d.*$/, "");
    if (bar) { bar.max = whole; bar.value = left; }
    ends.classList.toggle("ends-soon", left < 300 || left / whole < 0.05);
    words.textContent = duration(left);
  }
  for (const span of document.querySelectorAll("[data-since]")) {
    span.textContent = duration((now - Date.parse(span.dataset.since)) / 1000);
  }
}

export function keepTimes() {
  localise();
  tick();
  setInterval(tick, 1000);
}
