// The screen shows what the device's state says, and sends what a finger touched. Text from outside stays text.
const find = (id) => document.getElementById(id);
const view = find("view");
const SVG = "http://www.w3.org/2000/svg";
let state = null;
let shown = "";
let gone = false;

const clock = (iso) => new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

function icon(name, box = "0 0 16 16") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("viewBox", box);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

function time(iso) {
  const element = document.createElement("time");
  element.dateTime = iso;
  element.title = iso.replace("T", " ").replace("Z", " UTC");
  element.textContent = clock(iso);
  return element;
}

function mark(kind, picture, words, box) {
  const element = document.createElement("span");
  element.className = `mark mark-${kind}`;
  element.append(icon(picture, box), words);
  return element;
}

const running = (words) => mark("call", "s-call", words, "0 0 14 14");

function button(words, picture, kind, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = `btn ${kind}`.trim();
  if (picture) element.append(icon(picture));
  element.append(words);
  element.addEventListener("click", act);
  return element;
}

async function touch(path, body = {}) {
  for (const one of view.querySelectorAll("button")) one.disabled = true;
  try {
    const answer = await fetch(`.${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Panel": "1" },
      body: JSON.stringify(body),
    });
    const read = await answer.json();
    if (answer.ok) state = read;
    else say(read.error);
  } catch {
    say("The device does not answer.");
  }
  shown = "";
  draw();
}

let saying = 0;
function say(words) {
  find("foot-text").textContent = words;
  find("foot").classList.add("notice");
  saying = Date.now() + 6000;
}

function use(template) {
  view.replaceChildren(find(template).content.cloneNode(true));
  return (name) => view.querySelector(`[data-${name}]`);
}

function minutes(until) {
  const left = Math.ceil((new Date(until) - Date.now()) / 60000);
  if (left < 1) return "now";
  if (left < 60) return `in ${left} minute${left === 1 ? "" : "s"}`;
  const hours = Math.round(left / 60);
  return `in ${hours} hour${hours === 1 ? "" : "s"}`;
}

function drawIdle() {
  const part = use("t-idle");
  const [next, ...later] = state.bookings;
  part("none").hidden = Boolean(next);
  if (next) {
    part("next").hidden = false;
    part("title").textContent = next.title;
    const begun = new Date(next.start) <= Date.now();
    const by = next.organizer ? `. Booked by ${next.organizer}` : "";
    part("when").append(time(next.start), " to ", time(next.end), begun ? ", now" : `, ${minutes(next.start)}`, by);
    part("join").hidden = !next.joinable;
    part("join").firstElementChild.addEventListener("click", () => touch("/join", { booking: next.id }));
  }
  for (const one of later) {
    const row = document.createElement("li");
    const title = document.createElement("span");
    title.dir = "auto";
    title.textContent = one.title;
    row.append(time(one.start), title);
    part("then").append(row);
  }
  if (state.standby !== "Off") find("mark").replaceChildren(mark("void", "i-rest", "Resting"));
}

// "To: a@example.com · Why: a test" reads as a list of facts; anything else is a sentence.
function facts(text) {
  const rows = text.split(" · ").map((piece) => piece.match(/^(\p{L}[\p{L} ]{0,15}): (.+)$/u));
  return rows.every(Boolean) ? rows.map((row) => [row[1], row[2]]) : null;
}

function drawAsk() {
  const part = use("t-ask");
  const { title, text, options, feedback } = state.prompt;
  part("title").textContent = title || text;
  const rows = title ? facts(text) : null;
  part("text").textContent = title && !rows ? text : "";
  for (const [name, value] of rows ?? []) {
    const term = document.createElement("dt");
    const said = document.createElement("dd");
    term.textContent = name;
    said.textContent = value;
    said.dir = "auto";
    part("facts").append(term, said);
  }
  part("facts").hidden = !rows;
  part("time").hidden = state.prompt.ends_ms === null;
  for (const one of options) {
    part("options").append(button(one.text, "", "", () => touch("/answer", { feedback, option: one.option })));
  }
  if (!options.length) part("options").append(button("Close", "", "", () => touch("/dismiss", { feedback })));
  find("mark").replaceChildren(mark("warn", "i-knock", options.length ? "Asks for your answer" : "A message"));
}

function drawCall() {
  const part = use("t-call");
  const call = state.calls.at(-1);
  const ringing = call.status === "Ringing";
  part("name").textContent = call.name;
  part("number").textContent = call.number === call.name ? "" : call.number;
  part("status").append(call.status === "Connected" ? running("Connected since ") : call.status);
  if (call.status === "Connected") part("status").firstElementChild.append(time(call.since));
  const off = (words) => mark("void", "s-void", words, "0 0 14 14");
  const muted = state.microphones === "On";
  part("mic").append(muted ? off("Muted") : running("On"));
  part("cam").append(state.camera === "On" ? off("Off") : running("On"));
  part("volume").textContent = String(state.volume);
  const keys = part("buttons");
  if (ringing) keys.append(button("Answer", "i-join", "", () => touch("/pick-up")));
  else keys.append(button(muted ? "Unmute" : "Mute", muted ? "i-mic" : "i-micoff", "", () => touch("/mute")));
  keys.append(button(ringing ? "Decline" : "Hang up", "i-hang", "btn-ink", () => touch("/hang-up", { call: call.id })));
  find("mark").replaceChildren(running(ringing ? "Ringing" : "In a call"));
}

// A message without an end, during a call, stands at the foot: the call and its Hang up stay in reach.
const isNotice = () => Boolean(state.prompt && state.prompt.ends_ms === null && state.calls.length);

let footed = "";
function drawFoot() {
  if (Date.now() < saying) return;
  const now = JSON.stringify([state?.prompt, state?.alert, state?.line, state?.calls, state?.microphones, state?.volume, gone]);
  if (now === footed && !saying) return;
  footed = now;
  saying = 0;
  const foot = find("foot");
  foot.classList.toggle("notice", Boolean(state?.alert) || gone || Boolean(state && isNotice()));
  const words = find("foot-text");
  for (const old of foot.querySelectorAll("button")) old.remove();
  const [call] = state?.calls.slice(-1) ?? [];
  if (gone) words.textContent = "The device does not answer; trying again";
  else if (isNotice()) {
    const { title, text, options, feedback } = state.prompt;
    words.textContent = title ? `${title}: ${text}` : text;
    for (const one of options) {
      foot.append(button(one.text, "", "btn-s", () => touch("/answer", { feedback, option: one.option })));
    }
    if (!options.length) foot.append(button("Close", "", "btn-s", () => touch("/dismiss", { feedback })));
  } else if (state.prompt && call) {
    words.textContent = `In a call with ${call.name}`;
    foot.append(button("Hang up", "i-hang", "btn-s", () => touch("/hang-up", { call: call.id })));
  } else if (state.alert) {
    const { title, text } = state.alert;
    words.textContent = title ? `${title}: ${text}` : text;
    foot.append(button("Close", "", "btn-s", () => touch("/dismiss")));
  } else if (state.line) words.textContent = state.line;
  else words.textContent = `Microphones ${state.microphones === "On" ? "muted" : "on"} · volume ${state.volume}`;
}

function draw() {
  if (!state) return drawFoot();
  document.title = `${state.room}, touch screen`;
  find("room").textContent = state.room;
  const kind = isNotice() ? "call" : state.prompt ? "ask" : state.calls.length ? "call" : "idle";
  const { now, ...rest } = state;
  const minute = kind === "idle" ? Math.floor(Date.now() / 60000) : 0;
  const seen = JSON.stringify([kind, rest, gone, minute]);
  if (seen !== shown) {
    shown = seen;
    find("panel").className = `panel panel-${kind}`;
    find("mark").replaceChildren();
    ({ ask: drawAsk, call: drawCall, idle: drawIdle })[kind]();
  }
  drawFoot();
  tick(kind);
}

function tick(kind) {
  if (kind === "idle") {
    const now = new Date();
    const face = view.querySelector("[data-clock]");
    face.textContent = clock(now);
    view.querySelector("[data-date]").textContent = now.toLocaleDateString("en-GB", {
      weekday: "long", day: "numeric", month: "long",
    });
  }
  if (kind === "ask" && state.prompt.ends_ms !== null) {
    const whole = (state.prompt.ends_ms - state.prompt.began_ms) / 1000;
    const left = Math.max(0, Math.ceil((state.prompt.ends_ms - Date.now()) / 1000));
    view.querySelector("[data-left]").textContent = `${left} second${left === 1 ? "" : "s"}`;
    const bar = find("countdown");
    bar.max = whole;
    bar.value = left;
  }
}

const events = new EventSource("./events");
events.addEventListener("message", (message) => { state = JSON.parse(message.data); gone = false; draw(); });
events.addEventListener("error", () => { gone = true; draw(); });
setInterval(draw, 500);
