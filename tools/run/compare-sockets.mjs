/**
 * Runs in the program as one file (`BUN_BE_BUN=1 serf run compare-sockets.mjs`): takes the sockets
 * it has in place of `node:net` and `node:dgram`, and Bun's of these names, through the same scenes,
 * and fails unless both tell the same.
 */
import * as theirDgram from "node:dgram";
import { connect as connectPlain } from "node:net";
import * as theirs from "node:net";
import * as ourDgram from "../../apps/cli/src/one-file/dgram.ts";
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
/** The same with a maker of UDP sockets. */
const datagramScenes = {
  async "a datagram there and back"({ open, tell }) {
    const [first, second] = [await open(host), await open(host)];
    second.on("message", (bytes, { address, port }) => {
      tell(`hears ${bytes.toString()} from ${address}, ${port === first.address().port}`);
      second.send(Buffer.from("answer"), port, address);
    });
    first.send(Buffer.from("question"), second.address().port, host, (error) => tell(`${error}`));
    const [bytes] = await onceAll(first, "message");
    tell(`hears ${bytes.toString()}, waiting ${first.getSendQueueSize()}`);
  },
  async "IPv4 at a socket for both"({ open, tell }) {
    const [first, second] = [await open(host), await open("::")];
    first.send(Buffer.from("question"), second.address().port, host);
    const [, { address }] = await onceAll(second, "message");
    tell(address);
  },
  async "what the system does not send"({ open, tell }) {
    const socket = await open(host);
    const fault = ([bytes, address]) =>
      new Promise((resolve) => socket.send(bytes, 9, address, (error) => resolve(error?.message)));
    tell(await fault([Buffer.alloc(70_000), host]));
    tell(await fault([Buffer.from("x"), "::1"]));
  },
  async "more after a datagram that nobody takes"({ open, tell }) {
    const [first, second] = [await open(host), await open(host)];
    first.on("error", ({ code }) => tell(`error ${code}`));
    const gone = await open(host);
    const { port } = gone.address();
    await new Promise((resolve) => gone.close(resolve));
    first.send(Buffer.from("lost"), port, host);
    await pause();
    first.send(Buffer.from("found"), second.address().port, host);
    const [bytes] = await onceAll(second, "message");
    tell(bytes.toString());
  },
  async "a UDP port that is taken"({ open, tell }) {
    const { port } = (await open(host)).address();
    await open(host, port).catch(({ code, syscall }) => tell(`${code} ${syscall}`));
  },
  async "a larger buffer"({ open, tell }) {
    const socket = await open(host);
    const before = socket.getRecvBufferSize();
    socket.setRecvBufferSize(64 * 1024);
    await pause();
    tell(`${before > 0} ${socket.getRecvBufferSize()}`);
  },
  async closed({ open, tell }) {
    const socket = await open(host);
    await new Promise((resolve) => socket.close(resolve));
    tell("closed");
  },
};
const host = "127.0.0.1";

const onceAll = (source, event) =>
  new Promise((resolve) => source.once(event, (...words) => resolve(words)));
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

async function playedWithDatagrams(scene, dgram) {
  const told = [];
  const sockets = [];
  const open = async (address, port = 0) => {
    const type = address.includes(":") ? "udp6" : "udp4";
    const lookup = (name, _, callback) => callback(null, name, type === "udp6" ? 6 : 4);
    const socket = dgram.createSocket({ type, lookup });
    await new Promise((resolve, reject) => {
      socket.once("listening", resolve);
      socket.once("error", reject);
      socket.bind({ address, port, exclusive: true });
    });
    sockets.push(socket);
    return socket;
  };
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not over; told: ${told.join("; ")}`)), sceneLimitMs).unref();
  });
  await Promise.race([datagramScenes[scene]({ open, tell: (line) => told.push(line) }), late]);
  for (const socket of sockets) {
    try {
      socket.close();
    } catch {
      // Closed in the scene.
    }
  }
  return told.join("; ");
}

let differCount = 0;
function compare(scene, expected, actual) {
  const isSame = expected === actual;
  if (!isSame) differCount += 1;
  console.log(`${isSame ? "same" : "DIFFERENT"}: ${scene}`);
  if (!isSame) console.log(`  Node's: ${expected}\n  ours:   ${actual}`);
}
for (const scene of Object.keys(scenes)) {
  compare(scene, await played(scene, theirs), await played(scene, ours));
}
for (const scene of Object.keys(datagramScenes)) {
  const play = (dgram) => playedWithDatagrams(scene, dgram);
  compare(scene, await play(theirDgram), await play(ourDgram));
}
process.exit(differCount === 0 ? 0 : 1);
