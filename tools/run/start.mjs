/**
 * `npm start`: a real cluster of three full nodes on this machine, to look at and talk to.
 * `npm start -- FLAGS`: one full node with those flags.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

const program = join(root, "apps", "cli", "bin", "serf.js");
const members = ["alpha", "beta", "gamma"];
const firstPorts = { bind: 7946, rpc: 7373 };
const portTries = 200;
const leaveLimitMs = 15_000;
const starterLookMs = 500;

const flags = process.argv.slice(2);
await prepare();
if (flags.length > 0) {
  runOne(flags);
} else {
  await runCluster();
}

/** One node in the foreground; its exit code is ours. */
function runOne(args) {
  // In a group of its own, so that Ctrl-C reaches it once, through us, as a bare SIGINT does.
  // On Windows the console tells the child itself.
  const detached = process.platform !== "win32";
  const child = spawn(process.execPath, [program, "agent", ...args], {
    detached,
    stdio: "inherit",
  });
  onStop((signal) => {
    if (detached || signal !== "SIGINT") child.kill(signal);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

/** Calls `stop` with every signal to end, and when npm, which started us, is gone. */
function onStop(stop) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(signal));
  if (process.env.npm_lifecycle_event === undefined) return;
  const starter = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === starter) return;
    clearInterval(watch);
    stop("SIGINT");
  }, starterLookMs).unref();
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** @returns the first free port at or after `from`, which is not in `taken`. */
async function freePort(from, taken) {
  for (let port = from; port < from + portTries; port += 1) {
    if (!taken.has(port) && (await isFree(port))) {
      taken.add(port);
      return port;
    }
  }
  throw new Error(`no free port between ${from} and ${from + portTries} on 127.0.0.1`);
}

async function runCluster() {
  const taken = new Set();
  const nodes = [];
  for (const name of members) {
    const bind = `127.0.0.1:${await freePort(firstPorts.bind, taken)}`;
    const rpc = `127.0.0.1:${await freePort(firstPorts.rpc, taken)}`;
    nodes.push({ name, bind, rpc });
  }
  console.log(`Starting a cluster of ${nodes.length} full nodes on this machine ...\n`);
  let leaving = false;
  const running = new Set();
  // From the first node on: a Ctrl-C while they start must not leave any behind.
  onStop(() => {
    if (leaving) return;
    leaving = true;
    console.log("\nLetting every node leave gracefully ...");
    for (const child of running) child.kill("SIGINT");
    setTimeout(() => {
      for (const child of running) child.kill("SIGKILL");
    }, leaveLimitMs).unref();
  });
  process.on("exit", () => {
    for (const child of running) child.kill("SIGKILL");
  });
  for (const [index, node] of nodes.entries()) {
    if (leaving) return;
    const args = [`-node=${node.name}`, `-bind=${node.bind}`, `-rpc-addr=${node.rpc}`];
    args.push("-profile=local", `-tag=role=${index === 0 ? "web" : "db"}`);
    args.push("-event-handler=query:uptime=uptime");
    if (index > 0) args.push(`-join=${nodes[0].bind}`);
    const child = startNode(node, args);
    running.add(child);
    child.on("exit", (code) => {
      running.delete(child);
      if (!leaving) console.log(`${node.name} ended with exit code ${code}.`);
      if (running.size === 0) {
        if (leaving) console.log("\nAll nodes have left. Bye.");
        process.exit(leaving ? 0 : 1);
      }
    });
    await child.ready;
  }
  if (leaving) return;
  sayHowToTalk(nodes);
}

/** A node in a process group of its own, so that Ctrl-C reaches it once, through us. */
function startNode(node, args) {
  const child = spawn(process.execPath, [program, "agent", ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.ready = new Promise((resolve) => {
    child.once("exit", resolve);
    let rest = "";
    const print = (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        console.log(`${node.name.padEnd(5)} | ${line}`);
        if (line.includes("Log data will now stream")) resolve();
      }
    };
    child.stdout.setEncoding("utf8").on("data", print);
    child.stderr.setEncoding("utf8").on("data", print);
  });
  return child;
}

function sayHowToTalk(nodes) {
  const address =
    nodes[0].rpc === `127.0.0.1:${firstPorts.rpc}` ? "" : ` -rpc-addr=${nodes[0].rpc}`;
  const last = nodes.at(-1);
  console.log(`
The cluster is running. Talk to it from another terminal in this folder:

  ./serf members${address}
  ./serf event${address} deploy v1
  ./serf query${address} -no-ack uptime
  ./serf leave -rpc-addr=${last.rpc}        (${last.name} leaves; the others notice)

Ctrl-C here lets every node leave gracefully.
`);
}
