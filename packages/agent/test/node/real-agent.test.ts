/**
 * Our client against the reference's agent, if there is one on this machine.
 *
 * Without a `serf` in the path this is skipped, loudly; in CI that is a failure.
 */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRpc } from "../../src/rpc/client/index.ts";
import type { RpcClient, RpcEvent } from "../../src/rpc/client/index.ts";

const hasSerf = spawnSync("serf", ["version"]).status === 0;
if (!hasSerf) {
  const text = "no `serf` in the path: the client was NOT tried against the reference's agent";
  if (process.env["CI"]) throw new Error(text);
  console.warn(text);
}

const AUTH_KEY = "s3cret";
const ENCRYPTION_KEY = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";
const SECOND_KEY = "ZWTL+bgjHyQPhJRKcFe3ccirc2SFHmc/Nw67l8NQfdk=";

let directory: string;
let agent: ChildProcess;
let address: string;
let client: RpcClient;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts an agent on free ports and waits until it takes commands. */
async function startAgent(): Promise<void> {
  const [bindPort, rpcPort] = [await freePort(), await freePort()];
  address = `127.0.0.1:${rpcPort}`;
  const flags = ["-node=real", `-bind=127.0.0.1:${bindPort}`, `-rpc-addr=${address}`];
  directory = await mkdtemp(join(tmpdir(), "real-agent-"));
  const config = join(directory, "agent.json");
  await writeFile(config, JSON.stringify({ rpc_auth: AUTH_KEY, encrypt_key: ENCRYPTION_KEY }));
  const more = [`-config-file=${config}`, "-tag=role=web", "-log-level=debug"];
  agent = spawn("serf", ["agent", ...flags, ...more], { stdio: "ignore" });
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      client = await connectRpc({ address, authKey: AUTH_KEY });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error("the reference's agent did not start within ten seconds");
}

describe.skipIf(!hasSerf)("RpcClient against the reference's agent", () => {
  beforeAll(startAgent);
  afterAll(async () => {
    if (agent.exitCode === null && agent.signalCode === null) {
      agent.kill("SIGKILL");
      await once(agent, "exit");
    }
    await rm(directory, { recursive: true });
    await client.close();
  });

  it("is refused without the key and with a wrong one", async () => {
    await using none = await connectRpc({ address });

    await expect(none.members()).rejects.toMatchObject({
      code: "remote",
      message: "Authentication required",
    });
    // With a body the reference refuses twice; the second refusal belongs to nobody.
    await expect(none.coordinate("real")).rejects.toThrow("Authentication required");
    await expect(none.stats()).rejects.toThrow("Authentication required");
    await expect(connectRpc({ address, authKey: "nope" })).rejects.toThrow(
      "Invalid authentication token",
    );
  });

  it("lists and filters members", async () => {
    const [only] = await client.members();

    expect(only).toMatchObject({
      name: "real",
      address: "127.0.0.1",
      addressBytes: Uint8Array.of(127, 0, 0, 1),
      tags: { role: "web" },
      status: "alive",
      versions: { protocolMin: 1, protocolMax: 5, delegateMax: 5 },
    });
    const filter = { tags: { role: "w.b" }, status: "alive", name: "r.*" };
    expect(await client.membersFiltered(filter)).toHaveLength(1);
    expect(await client.membersFiltered({ name: "none" })).toEqual([]);
  });

  it("changes tags and sees the change", async () => {
    const events = client.events("member-update");
    await events.ready;

    await client.updateTags({ set: { dc: "east" }, deleted: ["role"] });

    for await (const event of events) {
      expect(event).toMatchObject({
        kind: "member-update",
        members: [{ name: "real", tags: { dc: "east" } }],
      });
      break;
    }
    expect((await client.members())[0]?.tags).toEqual({ dc: "east" });
  });

  it("sends a user event and hears it", async () => {
    const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
    const events = client.events("user:bin");
    await events.ready;

    await client.userEvent("other");
    await client.userEvent("bin", payload);

    const heard: RpcEvent[] = [];
    for await (const event of events) {
      heard.push(event);
      break;
    }
    expect(heard).toEqual([
      { kind: "user", lamportTime: 2n, name: "bin", payload, coalesce: false },
    ]);
    await expect(client.userEvent("big", new Uint8Array(600))).rejects.toThrow(
      "user event exceeds configured limit of 512 bytes before encoding",
    );
  });

  it("asks a query, hears it, answers it, and gets the answer", async () => {
    const asked = client.events("query");
    await asked.ready;
    const query = client.query({ name: "load", ack: true, timeoutMs: 1000 });
    const responding = (async () => {
      for await (const event of asked) {
        if (event.kind === "query") await client.respond(event.id, Uint8Array.of(42));
        return event;
      }
      return undefined;
    })();

    const answers: unknown[] = [];
    for await (const answer of query) answers.push(answer);

    expect(await responding).toMatchObject({ kind: "query", id: 1n, name: "load" });
    expect(answers).toHaveLength(2);
    expect(answers).toContainEqual({ kind: "ack", from: "real" });
    expect(answers).toContainEqual({
      kind: "response",
      from: "real",
      payload: Uint8Array.of(42),
    });
    await expect(client.respond(1n, Uint8Array.of(1))).rejects.toMatchObject({ code: "remote" });
    await expect(client.query({ name: "_serf_x" }).ready).rejects.toThrow(
      "Queries cannot contain the '_serf_' prefix",
    );
  });

  it("reads the log from its backlog on", async () => {
    for await (const line of client.monitor("debug")) {
      expect(line).toMatch(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\w+\] /);
      break;
    }
    await expect(client.monitor("loud").ready).rejects.toThrow("Unknown log level: LOUD");
  });

  it("manages keys", async () => {
    expect(await client.listKeys()).toMatchObject({
      keys: { [ENCRYPTION_KEY]: 1 },
      memberCount: 1,
      errorCount: 0,
    });
    expect(await client.installKey(SECOND_KEY)).not.toHaveProperty("error");
    expect((await client.listKeys()).keys).toEqual({ [ENCRYPTION_KEY]: 1, [SECOND_KEY]: 1 });
    expect(await client.useKey(SECOND_KEY)).not.toHaveProperty("error");
    expect(await client.removeKey(SECOND_KEY)).toMatchObject({
      error: "1/1 nodes reported failure",
      messages: { real: "Removing the primary key is not allowed" },
    });
    expect(await client.installKey("%%%")).toMatchObject({
      error: "illegal base64 data at input byte 0",
      memberCount: 0,
    });
  });

  it("gets stats and coordinates", async () => {
    expect(await client.stats()).toMatchObject({
      agent: { name: "real" },
      serf: { members: "1", encrypted: "true" },
    });
    const coordinate = await client.coordinate("real");
    expect(coordinate?.vector).toHaveLength(8);
    expect(await client.coordinate("nobody")).toBeUndefined();
  });

  it("is told why a join failed", async () => {
    const port = await freePort();

    await expect(client.join([`127.0.0.1:${port}`])).rejects.toMatchObject({
      code: "remote",
      message: expect.stringContaining(
        `dial tcp 127.0.0.1:${port}: connect: connection refused`,
      ) as string,
    });
    expect(await client.join([])).toBe(0);
    await client.forceLeave("nobody");
  });

  it("loses its connection when the reference dislikes an expression, and says so", async () => {
    await using own = await connectRpc({ address, authKey: AUTH_KEY });

    await expect(own.membersFiltered({ name: "(" })).rejects.toMatchObject({
      code: "client-closed",
      message: "client closed",
    });
  });

  it("makes the agent leave", async () => {
    const exited = once(agent, "exit");

    await client.leave();

    expect(await exited).toEqual([0, null]);
    await client.closed;
  });
});
