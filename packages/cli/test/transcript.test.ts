import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FakeAgent } from "./support/fake-agent.ts";
import { FakeTerminal } from "./support/fake-terminal.ts";
import { runCli } from "../src/main.ts";

const transcript = readFileSync(new URL("golden/transcript.txt", import.meta.url), "utf8");

describe("a session", () => {
  it("reads as recorded (CLI specification §6)", async () => {
    const agent = await FakeAgent.start();
    const { address } = agent;
    agent.statsGroups = { agent: { name: "foo" } };
    const coordinate = { error: 0.5, adjustment: 0, height: 0.00001 };
    agent.coordinates.set("foo", { ...coordinate, vector: [0, 0, 0, 0, 0, 0, 0, 0] });
    agent.coordinates.set("baz", { ...coordinate, vector: [0.000641, 0, 0, 0, 0, 0, 0, 0] });
    let said = "";

    for (const [, words = ""] of transcript.matchAll(/^\$ serf (.*)$/gm)) {
      const { stdout } = await agent.serf(words.split(" "));
      said += `$ serf ${words}\n${stdout}`;
      if (words === "leave") await untilGone(address);
    }

    expect(said.replaceAll(address, "127.0.0.1:21073")).toBe(transcript);
  });
});

/** Waits until nobody listens there any more. */
async function untilGone(address: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const terminal = new FakeTerminal({ environment: { SERF_RPC_ADDR: address } });
    await runCli(["info"], terminal);
    if (terminal.stdout.includes("refused")) return;
  }
  throw new Error("the agent did not stop listening");
}
