import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keysCommand } from "../../src/commands/keys.ts";
import { usage } from "../../src/usage.ts";
import { FakeAgent } from "../support/fake-agent.ts";

let agent: FakeAgent;
beforeEach(async () => {
  agent = await FakeAgent.start();
});
afterEach(() => agent.close());

const key = "BsR2BNqtUt1BRwYVNnc6fw==";

describe("serf keys (CLI specification §5.11)", () => {
  it.each([
    ["install", "Installing key on all members...", "Successfully installed key!"],
    ["use", "Changing primary key on all members...", "Successfully changed primary key!"],
    ["remove", "Removing key on all members...", "Successfully removed key!"],
  ])("-%s names the beginning and the end", async (action, first, last) => {
    const result = await agent.serf(["keys", `-${action}`, key]);

    expect(result).toEqual({ exitCode: 0, stdout: `==> ${first}\n==> ${last}\n`, stderr: "" });
    expect(agent.asked).toEqual([["keys", action, key]]);
  });

  it("lists the keys, sorted and aligned, with how many members hold each", async () => {
    agent.keyOutcome = {
      keys: new Map([
        ["b2dXAVOnNm17n2/zFhepoY7Pc63T4zqn0K8qbNiK+Mk=", 2],
        [key, 1],
      ]),
    };

    expect((await agent.serf(["keys", "-list"])).stdout).toBe(
      "==> Asking all members for installed keys...\n" +
        "==> Keys gathered, listing cluster keys...\n\n" +
        "BsR2BNqtUt1BRwYVNnc6fw==                      [1/2]\n" +
        "b2dXAVOnNm17n2/zFhepoY7Pc63T4zqn0K8qbNiK+Mk=  [2/2]\n",
    );
  });

  it("names every member that failed, then the error", async () => {
    agent.keyOutcome = {
      error: "2/2 nodes reported failure",
      errorCount: 2,
      messages: new Map([
        ["foo", "Removing the primary key is not allowed"],
        ["barbar", "Removing the primary key is not allowed"],
      ]),
    };

    expect(await agent.serf(["keys", "-remove", key])).toEqual({
      exitCode: 1,
      stdout:
        "==> Removing key on all members...\n" +
        "failed:  barbar  Removing the primary key is not allowed\n" +
        "failed:  foo     Removing the primary key is not allowed\n\n" +
        "Error removing key: 2/2 nodes reported failure\n",
      stderr: "",
    });
  });

  it.each([
    ["install", "Error installing key"],
    ["use", "Error changing primary key"],
    ["remove", "Error removing key"],
  ])("-%s says why the agent refused", async (action, prefix) => {
    agent.failure = new Error("illegal base64 data at input byte 0");

    const { exitCode, stdout } = await agent.serf(["keys", `-${action}=foo`]);

    expect(exitCode).toBe(1);
    expect(stdout.split("\n").slice(1)).toEqual([
      "",
      `${prefix}: illegal base64 data at input byte 0`,
      "",
    ]);
  });

  it("-list says why the agent refused", async () => {
    agent.failure = new Error("no");

    expect((await agent.serf(["keys", "-list"])).stdout).toContain(
      "\n\nFailed to gather member keys: no\n",
    );
  });

  it("wants exactly one action, before it connects; an empty value is none", async () => {
    const both = await agent.serf(["keys", "-install", "foo", "-list", "-rpc-addr=127.0.0.1:1"]);
    const none = await agent.serf(["keys", "-install=", "-rpc-addr=127.0.0.1:1"]);

    expect(both).toEqual({
      exitCode: 1,
      stdout: "Only one of -install, -use, -remove, or -list allowed\n",
      stderr: "",
    });
    expect(none).toEqual({ exitCode: 1, stdout: `${usage(keysCommand)}\n`, stderr: "" });
  });
});
