import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Agent } from "../../src/agent.ts";
import { type AgentConfig, defaultAgentConfig } from "../../src/config/agent-config.ts";
import { AgentLog } from "../../src/log/agent-log.ts";
import { connectRpc } from "../../src/rpc/client/index.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { until } from "../support/until.ts";

let folder = "";
const agents: Agent[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agent-node-"));
});
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  readonly agent: Agent;
  readonly lines: () => string[];
  readonly stops: () => number;
}

async function start(change: Partial<AgentConfig> = {}): Promise<Started> {
  const config: AgentConfig = {
    ...defaultAgentConfig,
    nodeName: "foo",
    profile: "local",
    rpcAddress: "127.0.0.1:0",
    ...change,
  };
  const log = new AgentLog({
    level: "TRACE",
    format: "text",
    writeTerminal: () => {},
    now: () => new Date(0),
  });
  let stops = 0;
  const agent = await Agent.start({
    config,
    network: { bind: { address: "127.0.0.1", port: 0 } },
    log,
    metrics: new Metrics(() => Date.now(), "host"),
    onShutdownRequest: () => {
      stops += 1;
    },
  });
  agents.push(agent);
  return {
    agent,
    lines: () => log.ring.entries().map(({ line }) => line.slice(20)),
    stops: () => stops,
  };
}

function output(name: string): string {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return "";
  }
}

describe("Agent", () => {
  it("runs scripts for its own join, for events and for queries, and answers with their output", async () => {
    const { agent } = await start({
      tags: { role: "web" },
      eventHandlers: [
        `member-join=cat >${join(folder, "join")}`,
        `user:deploy=cat >${join(folder, "deploy")}; echo "$SERF_USER_EVENT $SERF_SELF_IP $SERF_SELF_PORT" >>${join(folder, "deploy")}`,
        "query:load=echo busy",
      ],
    });
    const { port } = agent.serf.localMember.endpoint;

    agent.backend.userEvent("deploy", new TextEncoder().encode("v1"), { coalesce: false });
    const answers: string[] = [];
    const query = agent.backend.query({
      name: "load",
      payload: undefined,
      filterNodes: [],
      filterTags: {},
      ack: true,
      relayFactor: 0,
      timeoutMs: 10_000,
      endEarly: true,
    });
    for await (const answer of query) {
      answers.push(answer.kind === "ack" ? "ack" : new TextDecoder().decode(answer.payload));
    }
    await until("the scripts", () => output("join") !== "" && output("deploy").includes("deploy"));

    expect(answers.sort()).toEqual(["ack", "busy\n"]);
    expect(output("join")).toBe("foo\t127.0.0.1\tweb\trole=web\n");
    expect(output("deploy")).toBe(`v1\ndeploy 127.0.0.1 ${port}\n`);
  });

  it("opens its door, and asks to be stopped after a client's leave", async () => {
    const { agent, stops, lines } = await start();
    await agent.startRpc("secret");
    const client = await connectRpc({
      address: `127.0.0.1:${agent.rpcPort}`,
      authKey: "secret",
    });

    const names = (await client.members()).map(({ name }) => name);
    await client.leave();
    await until("the request to stop", () => stops() === 1);
    await client.close();

    expect(names).toEqual(["foo"]);
    expect(agent.serf.state).toBe("left");
    expect(lines()).toContain("[INFO] agent: requesting graceful leave from Serf");
  });

  it("leaves once, however often it is asked, and closes once", async () => {
    const { agent, lines } = await start();

    await Promise.all([agent.leave(), agent.leave()]);
    await Promise.all([agent.close(), agent.close(), agent.close()]);

    expect(lines().filter((line) => line.includes("EventMemberLeave: foo"))).toHaveLength(1);
    expect(lines().filter((line) => line.includes("shutdown complete"))).toHaveLength(1);
  });

  it("restores the tags of its file, and writes every change to it", async () => {
    const tagsFile = join(folder, "tags.json");
    const first = await start({ tagsFile });
    await first.agent.backend.updateTags({ set: { x: "1" }, deleted: [] });
    await first.agent.close();

    const second = await start({ tagsFile });

    expect(readFileSync(tagsFile, "utf8")).toBe('{\n  "x": "1"\n}');
    expect(second.agent.serf.localMember.tags).toEqual({ x: "1" });
    expect(second.lines()).toContain(`[INFO] agent: Restored 1 tag(s) from ${tagsFile}`);
  });

  it("takes handlers and tags from a reload, but not what needs a restart", async () => {
    const { agent } = await start({ tags: { a: "1" } });
    const config = {
      ...agent.config,
      tags: { b: "2" },
      eventHandlers: [`user=cat >${join(folder, "user")}`],
      leaveOnTerminate: true,
      broadcastTimeoutMs: 77_000,
    };

    await agent.reload(config);
    agent.backend.userEvent("x", new TextEncoder().encode("hi"), { coalesce: false });
    await until("the new script", () => output("user") === "hi\n");

    expect(agent.serf.localMember.tags).toEqual({ b: "2" });
    expect(agent.config).toMatchObject({ leaveOnTerminate: true, broadcastTimeoutMs: 5_000 });
    expect(agent.backend.stats()["event_handlers"]).toEqual({
      "user:": `cat >${join(folder, "user")}`,
    });
  });

  it("keeps the tags of the file over a reload", async () => {
    const tagsFile = join(folder, "tags.json");
    writeFileSync(tagsFile, '{"kept": "yes"}');
    const { agent } = await start({ tagsFile });

    await agent.reload({ ...agent.config, tags: {} });

    expect(agent.serf.localMember.tags).toEqual({ kept: "yes" });
    expect(JSON.parse(readFileSync(tagsFile, "utf8"))).toEqual({ kept: "yes" });
  });

  it("names the port of its door that is taken, and opens none when told so", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as { port: number };
    const { agent } = await start({ rpcAddress: `127.0.0.1:${port}` });
    const closed = await start({ disableRpc: true });
    try {
      await expect(agent.startRpc("")).rejects.toThrow(
        `Error starting RPC listener: listen tcp 127.0.0.1:${port}: bind: address already in use`,
      );
      await closed.agent.startRpc("");
      expect(closed.agent.rpcPort).toBeUndefined();
    } finally {
      await new Promise((resolve) => blocker.close(resolve));
    }
  });

  it("says that it cannot be discovered, and does nothing when it is not to be", async () => {
    const { agent } = await start({
      discover: "clus",
      mdnsDisableIpv4: true,
      mdnsDisableIpv6: true,
    });
    const plain = await start();

    await expect(agent.startDiscovery()).rejects.toThrow(
      "Error starting mDNS listener: No multicast listeners could be started",
    );
    await plain.agent.startDiscovery();
  });

  it.each([
    [{ tagsFile: "/x", tags: { a: "1" } }, "Tags config not allowed while using tag files"],
    [{ keyringFile: "/x", encryptKey: "AAAA" }, "Encryption key not allowed while using a keyring"],
    [{ keyringFile: "/nonexistent" }, "stat /nonexistent: no such file or directory"],
    [{ encryptKey: "AAAA" }, "Failed to create memberlist: key size must be 16, 24 or 32 bytes"],
    [{ protocol: 9 }, "Protocol version '9' too high. Must be in range: [2, 5]"],
    [
      { snapshotPath: "/nonexistent/snap" },
      "Failed to setup snapshot: failed to open snapshot: open /nonexistent/snap: no such file or directory",
    ],
  ])("refuses %j in the reference's words", async (change, text) => {
    await expect(start(change)).rejects.toThrow(
      expect.objectContaining({ name: "AgentError", message: text }) as Error,
    );
  });
});
