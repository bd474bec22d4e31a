/**
 * Runs the program as one file through a start and a command, and has Bun write down which
 * functions were run in which order: laid out like that, a start reads fewer pages of the file.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const readyLimitMs = 10_000;
const leaveLimitMs = 10_000;

/**
 * @param file - the program, compiled without an order.
 * @param folder - for what Bun writes.
 * @returns the files with the orders, the most important first.
 */
export async function codeOrders(file, folder) {
  const [agentOrder, commandOrder] = [join(folder, "agent.order"), join(folder, "members.order")];
  const rpc = `127.0.0.1:${await freePort()}`;
  const words = ["agent", "-node=order", `-bind=127.0.0.1:${await freePort()}`, `-rpc-addr=${rpc}`];
  const agent = spawn(file, words, { stdio: "ignore", env: recording(agentOrder) });
  const ended = once(agent, "exit");
  try {
    await answered(file, rpc, commandOrder);
    // Bun writes when the program ends by itself.
    agent.kill("SIGINT");
    await Promise.race([ended, timeout(leaveLimitMs, "leaving")]);
  } finally {
    agent.kill("SIGKILL");
  }
  // Windows ends what is told to end, and then there is none of the agent.
  return [agentOrder, commandOrder].filter((order) => existsSync(order));
}

const recording = (file) => ({ ...process.env, BUN_BYTECODE_ORDER_OUT: file });

/** Asks for the members until there is an answer. */
async function answered(file, rpc, order) {
  const deadlineMs = performance.now() + readyLimitMs;
  for (;;) {
    try {
      await promisify(execFile)(file, ["members", `-rpc-addr=${rpc}`], { env: recording(order) });
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
  }
}

function timeout(limitMs, what) {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} takes more than ${limitMs} ms`)), limitMs).unref();
  });
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
