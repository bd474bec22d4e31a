/**
 * Runs in the program as one file (`BUN_BE_BUN=1 serf run compare-sockets.mjs`): takes the sockets
 * it has in place of `node:net` and Bun's `node:net` itself through the same scenes, and fails
 * unless both tell the same.
 */
import { connect as connectPlain } from "node:net";
import * as theirs from "node:net";
import * as ours from "../../apps/cli/src/one-file/net.ts";

const sceneLimitMs = 5_000;
const large = Buffer.alloc(8 * 1024 * 1024, "x");

/** Every scene gets a listening server of the kind, and tells what it saw. */
const scenes = {
  async "an answer after the other side has ended"({ net, port, accepted, tell }) {
    accepted((socket) => {
      watch("server", socket, tell);
      socket.on("end", () => socket.end("answer"));
    });
    const socket = watch("client", net.connect({ host, port, allowHalfOpen: true }), tell);
    socket.write("question");
    socket.end();
    await closed(socket);
  },
  async "a client that ends with the server"({ net, port, accepted, tell }) {
    accepted((socket) => watch("server", socket, tell).end("bye"));
    await closed(watch("client", net.connect({ host, port }), tell));
  },
  async "a refused connection"({ net, tell }) {
    const probe = theirs.createServer().listen(0, host);
    await once(probe, "listening");
    const { port } = probe.address();
    await new Promise((resolve) => probe.close(resolve));
    await closed(watch("client", net.connect({ host, port }), tell));
  },
  async "a reset"({ net, port, accepted, tell }) {
    let over;
    const isOver = new Promise((resolve) => (over = resolve));
    accepted((socket) => {
      watch("server", socket, tell);
      socket.on("close", over);
    });
    const socket = net.connect({ host, port });
    await once(socket, "connect");
    await pause();
    socket.resetAndDestroy();
    await isOver;
  },
  async "eight megabytes to a reader that pauses"({ net, port, accepted, tell }) {
    let isTold = false;
    accepted((socket) => {
      socket.write(large, () => (isTold = true));
      tell(`some wait ${socket.writableLength > 0}`);
      socket.end();
    });
    let bytes = 0;
    const socket = net.connect({ host, port });
    socket.on("data", (piece) => {
      bytes += piece.length;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    await closed(socket);
    tell(`bytes ${bytes}, told ${isTold}`);
  },
  async "given up while it is dialled"({ net, port, accepted, tell }) {
    accepted((socket) => socket.on("error", () => {}));
    const socket = watch("client", net.connect({ host, port }), tell);
    socket.destroy();
    await closed(socket);
    await pause();
    tell(`destroyed ${socket.destroyed}`);
  },
  async "a port that is taken"({ net, port, tell }) {
    const server = net.createServer({});
    server.listen({ host, port });
    const error = await once(server, "error");
    tell(`${error.code} ${error.syscall}`);
  },
  async "all addresses"({ net, tell }) {
    const server = net.createServer({ allowHalfOpen: true }).listen({ port: 0 });
    await once(server, "listening");
    const { address, family, port } = server.address();
    tell(`${address} ${family}`);
    server.on("connection", (socket) => socket.end(`you are ${socket.remoteAddress}`));
    await closed(watch("client", connectPlain({ host, port }), tell));
    await new Promise((resolve) => server.close(resolve));
  },
};
const host = "127.0.0.1";

const once = (source, event) => new Promise((resolve) => source.once(event, resolve));
const closed = (socket) => once(socket, "close");
/** For what the other side has to notice. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

function watch(name, socket, tell) {
  for (const event of ["connect", "end"]) socket.on(event, () => tell(`${name} ${event}`));
  socket.on("error", ({ code, syscall }) => tell(`${name} error ${code} ${syscall}`));
  socket.on("close", (hadError) => tell(`${name} close ${hadError}`));
  socket.on("data", (bytes) => tell(`${name} hears ${bytes.toString()}`));
  return socket;
}

async function played(scene, net) {
  const told = [];
  const server = net.createServer({ allowHalfOpen: true }).listen({ host, port: 0 });
  await once(server, "listening");
  const accepted = (handle) => server.on("connection", handle);
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not over; told: ${told.join("; ")}`)), sceneLimitMs).unref();
  });
  const tell = (line) => told.push(line);
  await Promise.race([scenes[scene]({ net, port: server.address().port, accepted, tell }), late]);
  await pause();
  server.close();
  // What two sockets tell comes in any order; what one tells does not.
  const by = (name) => told.filter((line) => line.startsWith(name));
  const rest = told.filter((line) => !/^(client|server)/.test(line));
  return [by("client"), by("server"), rest].flat().join("; ");
}

let differCount = 0;
for (const scene of Object.keys(scenes)) {
  const [expected, actual] = [await played(scene, theirs), await played(scene, ours)];
  const isSame = expected === actual;
  if (!isSame) differCount += 1;
  console.log(`${isSame ? "same" : "DIFFERENT"}: ${scene}`);
  if (!isSame) console.log(`  node:net: ${expected}\n  ours:     ${actual}`);
}
process.exit(differCount === 0 ? 0 : 1);
