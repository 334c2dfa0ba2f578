// npm's jsxapi, unmodified, against a simulated room. With "checked" the socket is one that verifies the
// certificate (jsxapi's own connect() does not) and signs in with Basic; otherwise jsxapi's own connect(), with
// "ssh" over SSH, where every value is text.
const { XAPI, connect } = require("jsxapi");
const WSBackend = require("jsxapi/lib/backend/ws").default;
const WebSocket = require("ws");

const { HOST, PORT, ROOM_USER, ROOM_PASSWORD, HOW } = process.env;

function open() {
  const url = `${HOW === "ssh" ? "ssh" : "wss"}://${HOST}:${PORT}`;
  if (HOW !== "checked") return connect(url, { username: ROOM_USER, password: ROOM_PASSWORD });
  const basic = Buffer.from(`${ROOM_USER}:${ROOM_PASSWORD}`).toString("base64");
  return new XAPI(new WSBackend(new WebSocket(`${url}/ws`, { headers: { Authorization: `Basic ${basic}` } })));
}

async function main() {
  const xapi = open();
  const failed = new Promise((_, reject) => xapi.on("error", (error) => reject(new Error(String(error)))));
  const seen = [];
  const story = async () => {
    await new Promise((resolve) => xapi.on("ready", resolve));
    const before = await xapi.Status.Audio.Volume.get();
    await xapi.Command.Audio.Volume.Set({ Level: 23 });
    const after = await xapi.Status.Audio.Volume.get();
    await xapi.Config.Audio.DefaultVolume.set(61);
    const setting = await xapi.Config.Audio.DefaultVolume.get();
    const gone = new Promise((resolve) => {
      xapi.Status.Call.on((call) => {
        if (call.Status) seen.push(call.Status);
        if (call.Status === "Connected") xapi.Command.Call.Disconnect({ CallId: call.id });
        if (call.ghost) resolve();
      });
    });
    await xapi.Status.Call.on(() => {}).registration;
    const { CallId } = await xapi.Command.Dial({ Number: "meet@example.com" });
    await gone;
    const refused = await xapi.Command.Bookings.Put("{}").catch((error) => error.code);
    const unknown = await xapi.command("Dail", {}).catch((error) => error.code);
    console.log(JSON.stringify({ before, after, setting, CallId, seen, refused, unknown }));
  };
  await Promise.race([story(), failed]);
  process.exit(0);
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
