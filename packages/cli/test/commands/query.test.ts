import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { queryCommand } from "../../src/commands/query.ts";
import { runCli } from "../../src/main.ts";
import { usage } from "../../src/usage.ts";
import { ack, FakeAgent, response, until } from "../support/fake-agent.ts";

let agent: FakeAgent;
beforeEach(async () => {
  agent = await FakeAgent.start();
});
afterEach(() => agent.close());

function failed(stdout: string) {
  return { exitCode: 1, stdout, stderr: "" };
}

describe("serf query (CLI specification §5.6)", () => {
  it("prints acks and responses as they come, less one newline, then the totals", async () => {
    agent.answers = [ack("foo"), ack("bar"), ack("baz"), response("baz", "hi\nthere\n")];

    expect(await agent.serf(["query", "load"])).toEqual({
      exitCode: 0,
      stdout:
        "Query 'load' dispatched\nAck from 'foo'\nAck from 'bar'\nAck from 'baz'\n" +
        "Response from 'baz': hi\nthere\nTotal Acks: 3\nTotal Responses: 1\n",
      stderr: "",
    });
  });

  it("hands on name, payload, filters, relay factor and timeout", async () => {
    const words = ["-node=a", "-node=b", "-tag=dc=east", "-timeout=1500ms", "-relay-factor=0x2"];

    await agent.serf(["query", "-no-ack", ...words, "load", "1"]);

    expect(agent.asked[0]?.[1]).toMatchObject({
      name: "load",
      payload: new TextEncoder().encode("1"),
      filterNodes: ["a", "b"],
      filterTags: { dc: "east" },
      ack: false,
      relayFactor: 2,
      timeoutMs: 1500,
    });
  });

  it("leaves the acks out with -no-ack, and returns 0 when nobody answered", async () => {
    expect(await agent.serf(["query", "-no-ack", "x"])).toEqual({
      exitCode: 0,
      stdout: "Query 'x' dispatched\nTotal Responses: 0\n",
      stderr: "",
    });
  });

  it("prints JSON at the end; a member's later response replaces the earlier", async () => {
    agent.answers = [
      ack("foo"),
      ack("baz"),
      response("baz", "old"),
      response("baz", "hi\nthere\n"),
    ];

    const full = await agent.serf(["query", "-format=json", "load"]);
    agent.answers = [];
    const empty = await agent.serf(["query", "-no-ack", "-format", "json", "nope"]);

    expect(full.stdout).toBe(`{
  "Acks": [
    "foo",
    "baz"
  ],
  "Responses": {
    "baz": "hi\\nthere\\n"
  }
}
`);
    expect(empty.stdout).toBe('{\n  "Acks": null,\n  "Responses": {}\n}\n');
  });

  it("keeps bytes that are no UTF-8 with -format=base64", async () => {
    agent.answers = [response("a", Uint8Array.of(0xff, 0x00))];

    expect((await agent.serf(["query", "-format=base64", "x"])).stdout).toContain('"a": "/wA="');
    expect((await agent.serf(["query", "-format=json", "x"])).stdout).toContain(
      '"a": "\ufffd\\u0000"',
    );
  });

  it("checks tags, words and relay factor before it connects, the format after", async () => {
    const offline = "-rpc-addr=127.0.0.1:1";

    expect(await agent.serf(["query", offline, "-tag=bad"])).toEqual(
      failed("Error: Invalid tag: 'bad'\n"),
    );
    expect(await agent.serf(["query", offline])).toEqual(
      failed(`A query name must be specified.\n\n${usage(queryCommand)}\n`),
    );
    expect((await agent.serf(["query", offline, "a", "b", "c"])).stdout).toMatch(/^Too many/);
    for (const factor of ["9999", "-1"]) {
      expect(await agent.serf(["query", offline, "-relay-factor", factor, "x"])).toEqual(
        failed("Relay factor must be between 0 and 255\n"),
      );
    }
    expect(await agent.serf(["query", "-format=xml", "x"])).toEqual(
      failed("Invalid format: xml\n"),
    );
  });

  it("says why the agent refused", async () => {
    agent.failure = new Error("Queries cannot contain the '_serf_' prefix");

    expect(await agent.serf(["query", "_serf_foo"])).toEqual(
      failed("Error sending query: Queries cannot contain the '_serf_' prefix\n"),
    );
  });

  it("ends with 1 and without totals on Ctrl-C", async () => {
    agent.answers = [ack("foo")];
    agent.queryEnds = new Promise(() => {});
    const terminal = agent.terminal();
    const running = runCli(["query", "x"], terminal);
    await until("an ack", () => terminal.stdout.includes("Ack from 'foo'"));

    terminal.pressInterrupt();

    expect(await running).toBe(1);
    expect(terminal.stdout).toBe("Query 'x' dispatched\nAck from 'foo'\n");
  });

  it("prints the totals so far and ends with 1 when the agent goes away", async () => {
    agent.answers = [ack("foo")];
    agent.queryEnds = new Promise(() => {});
    const terminal = agent.terminal();
    const running = runCli(["query", "x"], terminal);
    await until("an ack", () => terminal.stdout.includes("Ack from 'foo'"));

    await agent.close();

    expect(await running).toBe(1);
    expect(terminal.stdout).toMatch(
      /Total Acks: 1\nTotal Responses: 0\nAnswers may be missing: Error sending query: .+\n$/,
    );
  });

  it("shows progress on a terminal and takes it away again", async () => {
    agent.answers = [ack("foo")];

    const { stdout } = await agent.serf(["query", "x"], { isInteractive: true });

    expect(stdout).toBe(
      "Query 'x' dispatched\nAck from 'foo'\n" +
        "\u001b[2m1 acks, 0 responses so far; Ctrl-C ends\u001b[0m\n\u001b[1A\r\u001b[J" +
        "Total Acks: 1\nTotal Responses: 0\n",
    );
  });
});
