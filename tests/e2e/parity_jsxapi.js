// npm's jsxapi, unmodified, feature by feature, on one simulated room: see support/parity.py.
const { execFile } = require("child_process");
const fs = require("fs");
const http = require("http");
const os = require("os");
const path = require("path");
const { XAPI, connect } = require("jsxapi");
const WSBackend = require("jsxapi/lib/backend/ws").default;
const WebSocket = require("ws");

const room = JSON.parse(process.env.ROOM);
const url = `wss://${room.host}:${room.port}`;
const account = { username: room.user, password: room.password, loglevel: "silent" };

const ready = (xapi) =>
  new Promise((resolve, reject) => {
    xapi.on("ready", () => resolve(xapi));
    xapi.on("error", reject);
  });

// What a feature does between "ready" and "close".
const over = (open) => (act) => async () => {
  const xapi = await ready(open());
  try {
    return await act(xapi);
  } finally {
    xapi.removeAllListeners("error");
    xapi.on("error", () => {});
    xapi.close();
  }
};
const using = over(() => connect(url, account));
const volume = using((xapi) => xapi.Status.Audio.Volume.get());

// Events of a subscription, one after the other.
class Heard {
  constructor() {
    this.seen = [];
    this.waiting = [];
    this.hear = (value) => {
      const next = this.waiting.shift();
      if (next) next(value);
      else this.seen.push(value);
    };
  }
  next() {
    return this.seen.length ? Promise.resolve(this.seen.shift()) : new Promise((resolve) => this.waiting.push(resolve));
  }
}

const refusal = (code, name) => (act) => using((xapi) => act(xapi).then(() => "done", (error) => (error.code === code ? name : error.code)));
const level = (xapi, Level) => xapi.Command.Audio.Volume.Set({ Level });

const features = {
  wss: over(() => {
    const basic = Buffer.from(`${room.user}:${room.password}`).toString("base64");
    const headers = { Authorization: `Basic ${basic}` };
    return new XAPI(new WSBackend(new WebSocket(`${url}/ws`, { rejectUnauthorized: false, headers })));
  })((xapi) => xapi.Status.Audio.Volume.get()),
  subprotocol: volume,
  ssh: over(() => connect(`ssh://${room.host}:${room.ssh_port}`, account))(async (xapi) => Number(await xapi.Status.Audio.Volume.get())),
  closed: async () => {
    const xapi = await ready(connect(url, account));
    const told = new Promise((resolve) => xapi.on("close", () => resolve("told")) && xapi.on("error", () => resolve("told")));
    const request = http.request(`${room.panel}fault`, { method: "POST", headers: { "X-Panel": "1" } });
    request.end('{"kind":"drop"}');
    return told;
  },
  get_leaf: volume,
  get_tree: using(async (xapi) => (await xapi.status.get("Audio")).Volume),
  get_member: using((xapi) => xapi.Status.Network[1].ActiveInterface.get()),
  spelling: using((xapi) => Promise.all(["audio volume", "Audio.Volume", "Audio/Volume"].map((one) => xapi.status.get(one)))),
  attributes: using(async (xapi) => {
    await level(xapi, 50);
    return [await xapi.Status.Audio.Volume.get(), await xapi.Config.SystemUnit.Name.get()];
  }),
  set_one: using(async (xapi) => {
    await xapi.Config.Audio.DefaultVolume.set(61);
    return xapi.Config.Audio.DefaultVolume.get();
  }),
  command: using(async (xapi) => {
    await xapi.command("Audio Volume Set", { Level: 50 });
    return xapi.Status.Audio.Volume.get();
  }),
  repeated: using(async (xapi) => (await xapi.Command.Presentation.Start({ ConnectorId: [1, 2] })).Instance > 0),
  body: using(async (xapi) => {
    const panel = xapi.Command.UserInterface.Extensions.Panel;
    return (await panel.Save({ PanelId: "parity" }, process.env.PANEL_XML)).status;
  }),
  any_method: using((xapi) => xapi.execute("xGet", { Path: ["Status", "Audio", "Volume"] })),
  feedback: using(async (xapi) => {
    const heard = new Heard();
    await xapi.Status.Audio.Volume.on(heard.hear).registration;
    await level(xapi, 24);
    const seen = await heard.next();
    await level(xapi, 50);
    return seen;
  }),
  event: using(async (xapi) => {
    const heard = new Heard();
    await xapi.Event.UserInterface.Message.Prompt.Display.on(heard.hear).registration;
    await xapi.Command.UserInterface.Message.Prompt.Display({ Text: "?", FeedbackId: "parity" });
    return (await heard.next()).FeedbackId;
  }),
  member: using(async (xapi) => {
    const heard = new Heard();
    const microphone = xapi.Config.Audio.Input.Microphone[1];
    await microphone.on(heard.hear).registration;
    await microphone.Mode.set("Off");
    const seen = await heard.next();
    await microphone.Mode.set("On");
    return [Number(seen.id), seen.Mode];
  }),
  ghost: using(async (xapi) => {
    const heard = new Heard();
    await xapi.Status.Call.on(heard.hear).registration;
    const { CallId } = await xapi.Command.Dial({ Number: "meet@example.com" });
    await xapi.Command.Call.Disconnect({ CallId });
    let call = await heard.next();
    while (!call.ghost) call = await heard.next();
    return Number(call.id) === CallId;
  }),
  once: using(async (xapi) => {
    const heard = new Heard();
    await xapi.Status.Audio.Volume.once(heard.hear).registration;
    await level(xapi, 25);
    const seen = await heard.next();
    await level(xapi, 50);
    return seen;
  }),
  unsubscribe: using(async (xapi) => {
    const gone = new Heard();
    const stays = new Heard();
    const off = xapi.Status.Audio.Volume.on(gone.hear);
    await off.registration;
    await xapi.Status.Audio.Volume.on(stays.hear).registration;
    off();
    await level(xapi, 26);
    await stays.next();
    await level(xapi, 50);
    return gone.seen;
  }),
  group: using(async (xapi) => {
    const gone = new Heard();
    const stays = new Heard();
    const both = [xapi.Status.Audio.Volume.on(gone.hear), xapi.Status.Standby.on(gone.hear)];
    await Promise.all(both.map((one) => one.registration));
    xapi.feedback.group(both).off();
    await xapi.Status.Audio.Volume.on(stays.hear).registration;
    await level(xapi, 27);
    await stays.next();
    await level(xapi, 50);
    return gone.seen;
  }),
  overlapping: using(async (xapi) => {
    const wide = new Heard();
    const narrow = new Heard();
    await xapi.Status.Audio.on((audio) => wide.hear(audio.Volume)).registration;
    await xapi.Status.Audio.Volume.on(narrow.hear).registration;
    await level(xapi, 28);
    await level(xapi, 50);
    return [[await wide.next(), await wide.next()], [await narrow.next(), await narrow.next()]];
  }),
  doc: using(async (xapi) => (await xapi.doc("Status Audio Volume")).ValueSpace.type),
  unknown: refusal(-32601, "unknown")((xapi) => xapi.command("Dail", {})),
  argument: refusal(-32602, "argument")((xapi) => xapi.Command.Audio.Volume.Set({})),
  denied: refusal(-31999, "denied")((xapi) => xapi.Command.UserManagement.User.List()),
  failed: refusal(1, "failed")((xapi) => xapi.Command.Call.Accept({ CallId: 99 })),
  command_line: async () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "parity-")), "get.js");
    fs.writeFileSync(file, "xapi.Status.Audio.Volume.get().then((v) => { console.log(v); process.exit(0); });");
    const cli = require.resolve("jsxapi/lib/cli.js");
    const words = [cli, url, file, "-U", room.user, "-P", room.password];
    return new Promise((resolve) => execFile(process.execPath, words, (_, out, err) => resolve(out.trim() || err)));
  },
};

async function main() {
  const told = {};
  for (const [name, act] of Object.entries(features)) {
    let timer;
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("too late")), 20000)));
    told[name] = await Promise.race([act(), late]).catch((fault) => String(fault.message || JSON.stringify(fault)));
    clearTimeout(timer);
  }
  console.log(JSON.stringify(told));
  process.exit(0);
}

main();
