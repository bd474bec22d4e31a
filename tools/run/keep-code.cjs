/**
 * `node keep-code.cjs FILE COMMANDS`: runs a bundle through what it is there for and, when that is
 * done, writes what V8 compiled of it beside it.
 *
 * The bundle of the commands, COMMANDS, runs one command up to the connection; RE2 matches a name.
 * Of a bundle with an agent in it two are started, one joins the other, and they are told and asked
 * things by these commands: what is compiled here need not be compiled by every agent of a cluster
 * that joins, at the moment when all of them are busy with that.
 */
"use strict";
const { execFile, execFileSync } = require("node:child_process");
const { writeFileSync } = require("node:fs");
const { createServer } = require("node:net");
const { basename } = require("node:path");
const { promisify } = require("node:util");
const { compileBundle, runBundle } = require("./load-bundle.cjs");

const readyLimitMs = 10_000;
/** So long the agents are left to themselves: rounds, probes and answers come by. */
const restMs = 1_500;

const [, , file, commands] = process.argv;
const script = compileBundle(file, undefined);
const loader = `require(${JSON.stringify(require.resolve("./load-bundle.cjs"))})`;
// V8 takes code back only under the flags it was made with, and an agent sets one once it runs.
require("node:v8").setFlagsFromString = () => {};

function keep() {
  const code = `${file}.code`;
  writeFileSync(code, script.createCachedData());
  const read = `require("node:fs").readFileSync(${JSON.stringify(code)})`;
  const check = `${loader}.compileBundle(${JSON.stringify(file)}, ${read}).cachedDataRejected`;
  if (execFileSync(process.execPath, ["-p", check], { encoding: "utf8" }) !== "false\n") {
    throw new Error(`V8 does not take back the code it made of ${file}`);
  }
}

if (file === commands) keepCommands();
else if (basename(file) === "re2.cjs") keepRe2();
else void keepAgent();

function keepRe2() {
  const { RE2JS } = runBundle(script, file);
  RE2JS.compile("^(?:web|db)-[0-9]+$").test("web-1");
  keep();
}

function keepCommands() {
  // Port 1 has no agent.
  process.argv.splice(2, Infinity, "members", "-rpc-addr=127.0.0.1:1");
  process.on("exit", () => {
    process.exitCode = 1;
    keep();
    process.exitCode = 0;
  });
  runBundle(script, file);
}

async function keepAgent() {
  const { main } = runBundle(script, file);
  const [first, second] = [await startAgent(main, "one"), await startAgent(main, "two")];
  await command(second, "join", first.bind);
  await command(first, "event", "warm", "up");
  await command(second, "query", "-timeout=200ms", "warm", "up");
  await command(second, "tags", "-set", "warm=up");
  await new Promise((resolve) => setTimeout(resolve, restMs));
  await command(first, "members");
  keep();
  process.exit(0);
}

/** Starts an agent in this process. @returns where it is, once it answers. */
async function startAgent(main, name) {
  const agent = { bind: `127.0.0.1:${await freePort()}`, rpc: `127.0.0.1:${await freePort()}` };
  main([`-node=${name}`, `-bind=${agent.bind}`, `-rpc-addr=${agent.rpc}`], () => "");
  const deadlineMs = performance.now() + readyLimitMs;
  for (;;) {
    try {
      await command(agent, "members");
      return agent;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
  }
}

/** One of the commands, in a process of its own. */
function command({ rpc }, name, ...words) {
  const code = `${loader}.loadBundle(${JSON.stringify(commands)})`;
  const argv = ["-e", code, "serf", name, `-rpc-addr=${rpc}`, ...words];
  return promisify(execFile)(process.execPath, argv);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
