// npm's jsxapi, unmodified, on the hub's /ws: user name is the room's, password an access token. The socket that it
// is given verifies the hub's certificate. Prints a JSON line for each thing that happens, until the hub closes.
const { XAPI } = require("jsxapi");
const WSBackend = require("jsxapi/lib/backend/ws").default;
const WebSocket = require("ws");

const { HUB, ROOM, TOKEN, STORY } = process.env;
const say = (what, facts = {}) => console.log(JSON.stringify({ what, ...facts }));
const no = (error) => ({ error: { code: error.code, message: error.message } });

const basic = Buffer.from(`${ROOM}:${TOKEN}`).toString("base64");
const socket = new WebSocket(`${HUB.replace("https", "wss")}/ws`, { headers: { Authorization: `Basic ${basic}` } });
socket.on("unexpected-response", (request, response) => {
  say("refused", { status: response.statusCode, headers: Object.keys(response.headers).sort() });
  process.exit(0);
});
socket.on("close", (code) => {
  say("closed", { code });
  process.exit(0);
});
const xapi = new XAPI(new WSBackend(socket));
xapi.on("error", () => {}); // jsxapi's word for an unexpected end; the code is what "close" told

const stories = {
  async work() {
    say("get", { value: await xapi.Status.Audio.Volume.get() });
    const seen = new Promise((resolve) => xapi.Status.Audio.Volume.on((value) => resolve(value)));
    await xapi.Status.Audio.Volume.on(() => {}).registration;
    say("command", { result: await xapi.Command.Audio.Volume.Set({ Level: 23 }) });
    say("feedback", { value: await seen });
    say("set", { result: await xapi.Config.Audio.DefaultVolume.set(61) });
    say("config", { value: await xapi.Config.Audio.DefaultVolume.get() });
    say("role", await xapi.command("UserManagement User List").catch(no));
    say("unknown", await xapi.command("Dail", {}).catch(no));
    say("argument", await xapi.Command.Audio.Volume.Set({ Level: "loud" }).catch(no));
  },
  async dial() {
    const began = Date.now();
    const answer = await xapi.Command.Dial({ Number: "meet@example.com" }).then((result) => ({ result }), no);
    say("dial", { ...answer, ms: Date.now() - began });
  },
};
xapi.on("ready", () =>
  stories[STORY]().catch((error) => {
    say("failed", { error: String(error) });
    process.exit(1);
  }),
);
