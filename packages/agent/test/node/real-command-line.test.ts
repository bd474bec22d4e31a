/**
 * The reference's command line against our server: the recorded invocations, over a scripted agent
 * that says what the recorded one said. Exit code and output must be those recorded, but for the
 * order within maps, which the reference prints as it comes.
 *
 * Without a `serf` in the path this is skipped, loudly; in CI that is a failure.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { startRpcServer } from "../../src/rpc/server/rpc-server.ts";
import { scriptAgent } from "../support/recorded-agent.ts";
import { conversations } from "../support/recorded-conversations.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const hasSerf = spawnSync("serf", ["version"]).status === 0;
if (!hasSerf) {
  const why = "no `serf` in the path: the server was NOT tried with the reference's command line";
  if (process.env["CI"]) throw new Error(why);
  console.warn(why);
}

/** Ended by an interrupt when it was recorded; `rpc-server.vectors.test.ts` replays its bytes. */
const endless = new Set(["cli-monitor"]);

const invocations = conversations.filter(
  ({ source, name }) => source === "cli" && !endless.has(name),
);

/** What was printed, whatever order a map was printed in. */
function withoutOrder(printed: string): string[] {
  return printed.split(/[\s,]+/).toSorted();
}

describe.skipIf(!hasSerf)("the reference's command line against our server", () => {
  it.each(invocations.map((conversation) => [conversation.name, conversation] as const))(
    "prints for %s what was recorded",
    async (name, conversation) => {
      const backend = new ScriptedBackend();
      scriptAgent(backend, conversation);
      const authKey = name.includes("auth") ? "s3cret-token" : "";
      await using server = await startRpcServer({ host: "127.0.0.1", port: 0, backend, authKey });
      const [command = "", ...rest] = conversation.input.args ?? [];
      const address = `-rpc-addr=127.0.0.1:${server.address.port}`;

      const child = spawn("serf", [command, address, ...rest]);
      const output = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
      const [stdout, stderr, [exitCode]] = await output;

      expect(exitCode).toBe(conversation.exitCode);
      expect(withoutOrder(stdout)).toEqual(withoutOrder(conversation.stdout ?? ""));
      expect(withoutOrder(stderr)).toEqual(withoutOrder(conversation.stderr ?? ""));
    },
  );
});
