// Times in the reader's own zone, and what is left of things that end.
const lang = document.documentElement.lang || undefined;
const hour = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const full = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

export const words = () => document.getElementById("words").dataset;
const fill = (text, fields) => text.replace(/\{(\w+)\}/g, (_, name) => String(fields[name]));

// The same words as the server's.
export function duration(seconds) {
  const left = Math.max(0, Math.floor(seconds)), say = words();
  const days = Math.floor(left / 86400), hours = Math.floor((left % 86400) / 3600), minutes = Math.floor((left % 3600) / 60);
  if (days) {
    if (hours && days < 4) return fill(days === 1 ? say.daysHoursOne : say.daysHoursOther, { n: days, hours });
    return fill(days === 1 ? say.daysOne : say.daysOther, { n: days });
  }
  if (hours) return minutes ? fill(say.hoursMinutes, { hours, minutes }) : fill(say.hours, { n: hours });
  return minutes ? fill(say.minutes, { n: minutes }) : fill(say.seconds, { n: left });
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
    const said = ends.firstElementChild, bar = ends.querySelector("progress");
    if (bar) { bar.max = whole; bar.value = left; }
    ends.classList.toggle("ends-soon", left < 300 || left / whole < 0.05);
    said.textContent = fill(words().left, { left: duration(left) });
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
