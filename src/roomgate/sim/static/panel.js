// The screen shows what the device's state says, and sends what a finger touched. Text from outside stays text.
const find = (id) => document.getElementById(id);
const view = find("view");
const SVG = "http://www.w3.org/2000/svg";
let state = null;
let shown = "";
let gone = false;
const own = { pad: false, typed: "" }; // what only this screen knows: the keypad, and what is being typed

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

// An answer and the stream race each other; the later word of the device is the one that counts.
let newest = 0;
function take(read) {
  if (read.turn <= newest) return;
  newest = read.turn;
  state = read;
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
    if (answer.ok) take(read);
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
  drawExtras(part("extras"));
  part("tools").append(
    button("Keypad", "i-pad", "", () => turn({ pad: true })),
    button("Rest", "i-rest", "", () => touch("/rest")),
  );
  if (state.quiet) find("mark").replaceChildren(mark("void", "s-void", "Do not disturb", "0 0 14 14"));
  else if (state.standby !== "Off") find("mark").replaceChildren(mark("void", "i-rest", "Half awake"));
}

function turn(change) {
  Object.assign(own, change);
  shown = "";
  draw();
}

function drawExtras(holder) {
  for (const one of state.buttons) holder.append(button(one.name, "", "", () => touch("/panel", { panel: one.id })));
  holder.hidden = !state.buttons.length;
}

function drawRest() {
  use("t-rest");
  find("mark").replaceChildren(mark("void", "i-rest", "Resting"));
}

view.addEventListener("click", () => { if (state && kindNow() === "rest") touch("/wake"); }); // anywhere wakes it

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

// In a call each key is a tone at once; without one the keys make a number to dial.
function drawPad() {
  const part = use("t-pad");
  const call = state.calls.find((one) => one.status === "Connected");
  const field = find("typed");
  field.value = own.typed;
  field.readOnly = Boolean(call);
  part("label").textContent = call ? `Tones to ${call.name}` : "Number or address";
  field.addEventListener("input", () => { own.typed = field.value; });
  const dial = () => { const number = own.typed; Object.assign(own, { pad: false, typed: "" }); touch("/dial", { number }); };
  field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !call && own.typed) dial(); });
  for (const key of KEYS) {
    part("keys").append(button(key, "", "btn-big", () => {
      own.typed += key;
      if (call) touch("/tones", { call: call.id, text: key });
      else { field.value = own.typed; field.focus(); }
    }));
  }
  if (!call) part("tools").append(button("Call", "i-go", "btn-main", () => { if (own.typed) dial(); }));
  part("tools").append(button("Back", "i-back", "", () => turn({ pad: false, typed: "" })));
}

function drawRating() {
  const part = use("t-rating");
  const { feedback, title, text } = state.rating;
  part("title").textContent = title || text;
  part("text").textContent = title ? text : "";
  for (let stars = 1; stars <= 5; stars++) {
    const one = button(String(stars), "i-star", "", () => touch("/rate", { feedback, option: stars }));
    one.setAttribute("aria-label", `${stars} of 5`);
    part("options").append(one);
  }
  part("tools").append(button("Skip", "", "", () => touch("/skip")));
  find("mark").replaceChildren(mark("warn", "i-knock", "Asks for your rating"));
}

const FIELDS = { Password: "password", PIN: "password", Numeric: "text", SingleLine: "text" };

function drawInput() {
  const part = use("t-input");
  const { feedback, title, text, kind, given, placeholder, submit } = state.input;
  const field = find("answer");
  part("title").textContent = title;
  part("text").textContent = text;
  field.type = FIELDS[kind] ?? "text";
  if (kind === "Numeric" || kind === "PIN") field.inputMode = "numeric";
  field.placeholder = placeholder;
  field.value = own.answering === feedback ? own.answer : given;
  field.addEventListener("input", () => Object.assign(own, { answering: feedback, answer: field.value }));
  const send = button(submit || "OK", "", "btn-main", () => {});
  send.type = "submit";
  part("tools").append(send, button("Skip", "", "", () => touch("/skip")));
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = field.value;
    Object.assign(own, { answering: "", answer: "" });
    touch("/write", { feedback, text: answer });
  });
  field.focus();
  find("mark").replaceChildren(mark("warn", "i-knock", "Asks for your answer"));
}

const tap = (widget, text = "") => touch("/widget", { widget, text });

function key(words, name, act, pressed) {
  const one = button(words, "", "", act);
  if (name) one.setAttribute("aria-label", name);
  if (pressed !== undefined) one.setAttribute("aria-pressed", String(pressed));
  return one;
}

const WIDGETS = {
  Button: (one) => [key(one.name || one.id, "", () => tap(one.id), one.value === "active")],
  IconButton: (one) => [key(one.name || "●", one.id, () => tap(one.id), one.value === "active")],
  ToggleButton: (one) => {
    const isOn = one.value === "on";
    const words = isOn ? "On" : "Off";
    return [key(words, `${one.name || one.id}: ${words}`, () => tap(one.id, isOn ? "off" : "on"), isOn)];
  },
  GroupButton: (one) => one.keys.map(({ key: value, name }) => key(name || value, "", () => tap(one.id, value), one.value === value)),
  Spinner: (one) => {
    const said = document.createElement("output");
    said.textContent = one.value;
    return [key("−", `${one.id} down`, () => tap(one.id, "decrement")), said, key("+", `${one.id} up`, () => tap(one.id, "increment"))];
  },
  DirectionalPad: (one) => {
    const cross = document.createElement("div");
    cross.className = "cross";
    for (const [way, sign] of [["up", "▲"], ["left", "◀"], ["center", "OK"], ["right", "▶"], ["down", "▼"]]) {
      const arm = key(sign, way === "center" ? "OK, center" : way, () => tap(one.id, way));
      arm.dataset.way = way;
      cross.append(arm);
    }
    return [cross];
  },
  Slider: (one) => {
    const range = document.createElement("input");
    Object.assign(range, { type: "range", min: 0, max: 255, value: one.value || 0 });
    range.setAttribute("aria-label", one.name || one.id);
    range.addEventListener("change", () => tap(one.id, range.value));
    return [range];
  },
  Text: (one) => {
    const said = document.createElement("span");
    said.dir = "auto";
    said.textContent = one.value || one.name;
    return [said];
  },
  Spacer: () => [],
};

function drawPanel() {
  const part = use("t-panel");
  const { name, page, pages, rows } = state.panel;
  part("pages").hidden = pages.length < 2;
  for (const one of pages) {
    const turned = key(one.name || one.id, "", () => touch("/page", { page: one.id }));
    if (one.id === page) turned.setAttribute("aria-current", "page");
    turned.setAttribute("aria-pressed", String(one.id === page));
    part("pages").append(turned);
  }
  for (const row of rows) {
    const line = document.createElement("section");
    const title = document.createElement("h2");
    title.textContent = row.name;
    title.dir = "auto";
    const widgets = document.createElement("div");
    widgets.className = "widgets";
    for (const one of row.widgets) widgets.append(...(WIDGETS[one.type] ?? WIDGETS.Spacer)(one));
    line.append(...(row.name ? [title] : []), widgets);
    part("rows").append(line);
  }
  part("tools").append(button("Close", "i-back", "", () => touch("/close-panel")));
  const heading = document.createElement("span");
  heading.textContent = name;
  heading.dir = "auto";
  find("mark").replaceChildren(heading);
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
  const call = state.calls.findLast((one) => one.status === "Ringing") ?? state.calls.findLast((one) => one.status !== "OnHold") ?? state.calls.at(-1);
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
  for (const other of state.calls) {
    if (other === call) continue;
    const row = document.createElement("li");
    const words = document.createElement("span");
    words.dir = "auto";
    words.textContent = `${other.status === "OnHold" ? "On hold" : other.status}: ${other.name}`;
    row.append(words);
    part("others").append(row);
  }
  part("others").hidden = state.calls.length < 2;
  const keys = part("buttons");
  const held = call.status === "OnHold";
  if (ringing) keys.append(button("Answer", "i-join", "", () => touch("/pick-up", { call: call.id })));
  else {
    keys.append(button(muted ? "Unmute" : "Mute", muted ? "i-mic" : "i-micoff", "", () => touch("/mute")));
    const dark = state.camera === "On";
    keys.append(button(dark ? "Show camera" : "Hide camera", dark ? "i-cam" : "i-camoff", "", () => touch("/camera")));
    if (held) keys.append(button("Resume", "i-go", "", () => touch("/resume", { call: call.id })));
    if (call.status === "Connected") {
      keys.append(button("Hold", "i-hold", "", () => touch("/hold", { call: call.id })));
      keys.append(button("Keypad", "i-pad", "", () => turn({ pad: true, typed: "" })));
      if (state.calls.length === 1) keys.append(button("Transfer", "i-join", "", () => touch("/hold", { call: call.id, option: 1 })));
    }
    if (held && call.transfer) keys.append(button("Call whom", "i-pad", "", () => turn({ pad: true, typed: "" })));
    if (call.status === "Connected" && state.calls.some((one) => one.transfer)) {
      keys.append(button("Connect both", "i-join", "btn-main", () => touch("/transfer")));
    }
  }
  keys.append(button(ringing ? "Decline" : "Hang up", "i-hang", "btn-ink", () => touch("/hang-up", { call: call.id })));
  drawExtras(part("extras"));
  find("mark").replaceChildren(running(ringing ? "Ringing" : "In a call"));
}

// A message without an end, during a call, stands at the foot: the call and its Hang up stay in reach.
const isNotice = () => Boolean(state.prompt && state.prompt.ends_ms === null && state.calls.length);

let footed = "";
function drawFoot() {
  if (Date.now() < saying) return;
  const now = JSON.stringify([state?.prompt, state?.alert, state?.line, state?.web, state?.calls, state?.microphones, state?.volume, gone]);
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
  } else if (state.web) words.textContent = `On the screen: ${state.web.title || state.web.url}`;
  else if (state.line) words.textContent = state.line;
  else words.textContent = `Microphones ${state.microphones === "On" ? "muted" : "on"} · volume ${state.volume}`;
}

const DRAWN = {
  ask: drawAsk, call: drawCall, idle: drawIdle, rest: drawRest, pad: drawPad, rating: drawRating, input: drawInput, panel: drawPanel,
};
const LOOKS = { rest: "idle", pad: "idle", rating: "ask", input: "ask", panel: "idle" };

function kindNow() {
  const rings = state.calls.some((one) => one.status === "Ringing");
  if (state.prompt && !isNotice()) return "ask";
  if (rings) return "call";
  if (state.input) return "input";
  if (state.rating) return "rating";
  if (own.pad) return "pad";
  if (state.panel) return "panel";
  if (state.calls.length) return "call";
  return state.standby === "Standby" ? "rest" : "idle";
}

function draw() {
  if (!state) return drawFoot();
  document.title = `${state.room}, touch screen`;
  find("room").textContent = state.room;
  const kind = kindNow();
  const { now, turn: _, ...rest } = state;
  const minute = kind === "idle" || kind === "rest" ? Math.floor(Date.now() / 60000) : 0;
  const seen = JSON.stringify([kind, rest, gone, minute]);
  if (seen !== shown) {
    shown = seen;
    find("panel").className = `panel panel-${LOOKS[kind] ?? kind}`;
    find("mark").replaceChildren();
    DRAWN[kind]();
  }
  drawFoot();
  tick(kind);
}

function tick(kind) {
  if (kind === "idle" || kind === "rest") {
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
events.addEventListener("open", () => { newest = 0; });
events.addEventListener("message", (message) => { take(JSON.parse(message.data)); gone = false; draw(); });
events.addEventListener("error", () => { gone = true; draw(); });
setInterval(draw, 500);
