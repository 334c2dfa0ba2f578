// npm's jsxapi, unmodified, as a client of one device: reads JSON lines, makes calls, says how long they took.
const readline = require("readline");
const { XAPI } = require("jsxapi");
const WSBackend = require("jsxapi/lib/backend/ws").default;
const WebSocket = require("ws");

async function open(port) {
  const basic = Buffer.from("bench:bench").toString("base64");
  const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, {
    rejectUnauthorized: false,
    headers: { Authorization: `Basic ${basic}` },
  });
  const xapi = new XAPI(new WSBackend(socket));
  await new Promise((resolve, reject) => {
    xapi.on("ready", resolve);
    xapi.on("error", reject);
  });
  return xapi;
}

async function call({ port, flight, calls }) {
  const xapi = await open(port);
  const worker = async () => {
    for (let n = 0; n < calls / flight; n++) await xapi.Status.Audio.Volume.get();
  };
  const began = process.hrtime.bigint();
  const used = process.cpuUsage();
  await Promise.all(Array.from({ length: flight }, worker));
  const spent = process.cpuUsage(used);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  xapi.close();
  return { seconds, cpu_s: (spent.user + spent.system) / 1e6, number: calls };
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  let said;
  try {
    said = await call(JSON.parse(line));
  } catch (fault) {
    said = { fault: String(fault) };
  }
  console.log(JSON.stringify(said));
});
