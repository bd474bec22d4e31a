import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../src/main.ts";
import { ack, FakeAgent, member, until } from "../support/fake-agent.ts";

let agent: FakeAgent;
beforeEach(async () => {
  agent = await FakeAgent.start();
});
afterEach(() => agent.close());

const tips = `
Troubleshooting tips:
* Ensure that the bind addr:port is accessible by all other nodes
* If an advertise address is set, ensure it routes to the bind address
* Check that no nodes are behind a NAT
* If nodes are behind firewalls or iptables, check that Serf traffic is permitted (UDP and TCP)
* Verify networking equipment is functional
`;

describe("serf reachability (CLI specification §5.7)", () => {
  it("is content when every live member acks, and tells more with -verbose", async () => {
    agent.memberList = [member("foo"), member("bar"), member("old", { status: "failed" })];
    agent.answers = [ack("foo"), ack("bar")];

    const plain = await agent.serf(["reachability"]);
    const verbose = await agent.serf(["reachability", "-verbose"]);

    expect(plain).toEqual({
      exitCode: 0,
      stdout:
        "Total members: 3, live members: 2\nStarting reachability test...\n" +
        "Successfully contacted all live nodes\n",
      stderr: "",
    });
    expect(verbose.stdout.replaceAll(/\d+\.\d\d sec/g, "N sec")).toBe(
      "Total members: 3, live members: 2\nStarting reachability test...\n" +
        "\tAck from 'foo'\n\tAck from 'bar'\n" +
        "Query time: N sec, time to last response: N sec\n" +
        "Successfully contacted all live nodes\n",
    );
    expect(agent.asked[0]?.[1]).toMatchObject({
      name: "_serf_ping",
      payload: undefined,
      ack: true,
    });
  });

  it("names who is missing", async () => {
    agent.memberList = [member("a"), member("b"), member("c", { status: "left" })];
    agent.answers = [ack("a")];

    expect(await agent.serf(["reachability"])).toEqual({
      exitCode: 1,
      stdout:
        "Total members: 3, live members: 2\nStarting reachability test...\n" +
        "Received less acks than live nodes! Missing acks from:\n\tb\n" +
        "This could mean Serf gossip packets are being lost due to a misconfiguration or network issue.\n" +
        tips,
      stderr: "",
    });
  });

  it("names who acked and should be gone", async () => {
    agent.memberList = [member("a"), member("b", { status: "failed" })];
    agent.answers = [ack("a"), ack("b")];

    const { exitCode, stdout } = await agent.serf(["reachability"]);

    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      "Received more acks than live nodes! Acks from non-live nodes:\n\tb\n" +
        "This could mean Serf is detecting false-failures due to a misconfiguration or network issue.\n" +
        tips,
    );
  });

  it("tells duplicates at once and before the verdict, and returns 1 then", async () => {
    agent.memberList = [member("a"), member("b")];
    agent.answers = [ack("a"), ack("a")];

    expect(await agent.serf(["reachability"])).toEqual({
      exitCode: 1,
      stdout:
        "Total members: 2, live members: 2\nStarting reachability test...\n" +
        "Duplicate response from 'a'\n" +
        "Duplicate responses means there is a misconfiguration. Verify that node names are unique.\n" +
        "Successfully contacted all live nodes\n",
      stderr: "",
    });
  });

  it("says what went wrong, and that it was interrupted", async () => {
    agent.failure = new Error("no");
    const refused = await agent.serf(["reachability"]);
    agent.failure = undefined;
    agent.queryEnds = new Promise(() => {});
    const terminal = agent.terminal();
    const running = runCli(["reachability"], terminal);
    await until("the start", () => terminal.stdout.includes("Starting"));

    terminal.pressInterrupt();

    expect(await running).toBe(1);
    expect(terminal.stdout).toMatch(/Test interrupted\n$/);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stdout).toMatch(/Error sending query: no\n$/);
  });
});
