// npm's jsxapi, unmodified, on the hub's /ws: one connection for each task line on standard input. The socket
// is one that verifies the certificate, which jsxapi's own connect() does not. Times are the machine's
// monotonic clock, the same as Python's.
const readline = require("node:readline");
const { XAPI } = require("jsxapi");
const WSBackend = require("jsxapi/lib/backend/ws").default;
const WebSocket = require("ws");

function open(task) {
  const say = (event, facts) => {
    const at = Number(process.hrtime.bigint()) / 1e9;
    console.log(JSON.stringify({ id: task.id, channel: task.channel, event, at, ...facts }));
  };
  const basic = Buffer.from(`${task.room}:${task.token}`).toString("base64");
  const url = task.hub.replace("https://", "wss://") + "/ws";
  const socket = new WebSocket(url, { headers: { Authorization: `Basic ${basic}` } });
  socket.on("close", (code) => say("closed", { last: String(code) }));
  const xapi = new XAPI(new WSBackend(socket));
  xapi.on("error", (error) => say("fault", { last: String(error) }));
  xapi.on("ready", async () => {
    await xapi.Status.Audio.on(() => say("news", {})).registration;
    await xapi.Status.Audio.Volume.get();
    say("open", {});
  });
}

readline.createInterface({ input: process.stdin }).on("line", (line) => open(JSON.parse(line)));
