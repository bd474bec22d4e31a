import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startRpcServer } from "../../src/rpc/server/rpc-server.ts";
import type { RpcServer, RpcServerOptions } from "../../src/rpc/server/rpc-server.ts";
import { until } from "../support/until.ts";
import { RawRpcClient } from "../support/raw-rpc-client.ts";
import { ScriptedBackend, member, runningQuery, userEvent } from "../support/scripted-backend.ts";

let backend: ScriptedBackend;
let server: RpcServer;
const clients: RawRpcClient[] = [];

beforeEach(() => {
  backend = new ScriptedBackend();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  await server.close();
});

async function start(options: Partial<RpcServerOptions> = {}): Promise<void> {
  server = await startRpcServer({ host: "127.0.0.1", port: 0, backend, ...options });
}

async function open(): Promise<RawRpcClient> {
  const client = await RawRpcClient.open(server.address.port);
  clients.push(client);
  return client;
}

async function connect(): Promise<RawRpcClient> {
  const client = await RawRpcClient.connect(server.address.port);
  clients.push(client);
  return client;
}

describe("RpcServer", () => {
  it("logs and counts every client it accepts and every command", async () => {
    await start();
    const client = await open();
    client.send({ Command: "members", Seq: 1 });
    await client.receive(3);

    expect(backend.logged).toEqual([
      `[INFO] agent.ipc: Accepted client: 127.0.0.1:${client.socket.localPort}`,
    ]);
    expect(backend.counted).toEqual(["agent.ipc.accept", "agent.ipc.command", "agent.ipc.command"]);
  });

  it.each([
    ["garbage", "c1c1c1"],
    ["half a message", "82a7436f6d"],
    ["a claim of four gigabytes", "c6ffffffff"],
    ["a list a thousand deep", "91".repeat(1000)],
    ["a mebibyte and more in one value", `c600100001${"00".repeat(1000)}`],
  ])("closes a connection that sends %s, and no other", async (_, bytes) => {
    await start({ limits: { messageTimeoutMs: 100 } });
    const good = await open();
    const bad = await open();

    bad.sendBytes(Buffer.from(bytes, "hex"));
    await bad.closed();
    good.send({ Command: "stop", Seq: 1 }, { Stop: 1 });

    expect((await good.receive(2)).at(-1)).toEqual({ Error: "", Seq: 1 });
    expect(bad.values).toHaveLength(1);
    await until("the server has forgotten it", () => server.connectionCount === 1);
  });

  it("closes a client that says nothing", async () => {
    await start({ limits: { openTimeoutMs: 50 } });
    const silent = await connect();

    await silent.closed();

    expect(backend.logged.at(-1)).toMatch(/^\[WARN\] agent\.ipc: Closing client without handshake/);
  });

  it("answers requests of one segment in order", async () => {
    await start();
    const client = await open();
    const header = (Command: string, Seq: number): object => ({ Command, Seq });

    client.socket.cork();
    client.send(header("members", 1), header("stats", 2), header("stop", 3), { Stop: 9 });
    client.socket.uncork();

    await client.receive(6);
    expect(client.records.map((record) => record.header["Seq"])).toEqual([0, 1, 2, 3]);
  });

  it("answers a client that has ended its side, then closes", async () => {
    await start();
    let finish = (): void => {};
    backend.script.forceLeave = () => new Promise((resolve) => (finish = resolve));
    const client = await open();

    client.send({ Command: "force-leave", Seq: 1 }, { Node: "x" });
    client.socket.end();
    await until("the agent was asked", () => backend.calls.length === 1);
    finish();

    await client.closed();
    expect(client.values.at(-1)).toEqual({ Error: "", Seq: 1 });
  });

  it("leaves once for all that ask, answers each before it shuts down", async () => {
    await start();
    let finish = (): void => {};
    backend.script.leave = () => new Promise((resolve) => (finish = resolve));
    const [first, second] = [await open(), await open()];

    first.send({ Command: "leave", Seq: 1 });
    second.send({ Command: "leave", Seq: 2 });
    await until("both were read", () => backend.counted.length === 6);
    expect(backend.shutdownCount).toBe(0);
    finish();

    await Promise.all([first.receive(2), second.receive(2)]);
    await until("the agent was told to stop", () => backend.shutdownCount === 1);
    expect(backend.calls).toEqual([["leave"]]);
    expect([first.values.at(-1), second.values.at(-1)]).toEqual([
      { Error: "", Seq: 1 },
      { Error: "", Seq: 2 },
    ]);
  });

  it("shuts down after a leave that failed, too", async () => {
    await start();
    backend.script.leave = () => Promise.reject(new Error("Leave called after Shutdown"));
    const client = await open();

    client.send({ Command: "leave", Seq: 1 });

    expect((await client.receive(2)).at(-1)).toEqual({
      Error: "Leave called after Shutdown",
      Seq: 1,
    });
    await until("the agent was told to stop", () => backend.shutdownCount === 1);
  });

  it("refuses clients beyond its limit, says so once, and takes new ones when others go", async () => {
    await start({ connectionLimit: 2 });
    const [first] = [await open(), await open()];

    for (let tries = 0; tries < 3; tries += 1) await (await connect()).closed();
    expect(server.counters).toMatchObject({ acceptedCount: 2, refusedCount: 3 });
    expect(backend.logged.filter((line) => line.includes("Refusing"))).toEqual([
      "[WARN] agent.ipc: Refusing clients: 2 are connected",
    ]);

    first?.end();
    await until("there is room", () => server.connectionCount === 1);
    expect((await open()).values).toEqual([{ Error: "", Seq: 0 }]);
  });

  it("cuts off a client that does not read, and the others feel nothing of it", async () => {
    await start({ writeTimeoutMs: 300 });
    backend.memberList = Array.from({ length: 5000 }, (_, index) => member(`member-${index}`));
    const [deaf, good] = [await open(), await open()];
    deaf.socket.pause();

    for (let Seq = 1; Seq < 40; Seq += 1) deaf.send({ Command: "members", Seq });
    await until("it was cut off", () => server.connectionCount === 1);
    good.send({ Command: "members", Seq: 1 });

    const values = await good.receive(3);
    expect(values.at(-1)?.["Members"]).toHaveLength(5000);
    expect(backend.logged.at(-1)).toMatch(/Closing client: .*: it does not read$/);
  });

  it("keeps a client that reads slowly but does", async () => {
    await start({ writeTimeoutMs: 500 });
    backend.memberList = Array.from({ length: 5000 }, (_, index) => member(`member-${index}`));
    const slow = await open();
    let reads = 0;
    slow.socket.on("data", () => {
      reads += 1;
      slow.socket.pause();
      setTimeout(() => slow.socket.resume(), 5);
    });

    for (let Seq = 1; Seq <= 10; Seq += 1) slow.send({ Command: "members", Seq });

    await slow.receive(21);
    expect(reads).toBeGreaterThan(50);
    expect(server.connectionCount).toBe(1);
  });

  it("waits for a client to take the answers to its query, and drops none", async () => {
    await start();
    const answerCount = 20_000;
    backend.script.query = () =>
      runningQuery(
        (function* () {
          for (let index = 0; index < answerCount; index += 1) {
            yield { kind: "ack", from: `member-${index}` } as const;
          }
        })(),
      );
    const client = await open();

    client.send({ Command: "query", Seq: 1 }, { Name: "load", RequestAck: true });

    await until("it is done", () => client.values.at(-1)?.["Type"] === "done");
    expect(client.records).toHaveLength(1 + 1 + answerCount + 1);
  });

  it("says done only a while after the last answer, for readers that stop at the end", async () => {
    await start();
    backend.script.query = () => runningQuery([{ kind: "ack", from: "a" }]);
    const client = await open();

    client.send({ Command: "query", Seq: 1 }, { Name: "load", RequestAck: true });
    await client.receive(4);
    const answeredAtMs = performance.now();
    await until("it is done", () => client.values.at(-1)?.["Type"] === "done");

    expect(performance.now() - answeredAtMs).toBeGreaterThan(100);
  });

  it("closes the queries of a client that is gone", async () => {
    await start();
    let finish = (): void => {};
    const waits = new Promise<void>((resolve) => (finish = resolve));
    const running = runningQuery(
      (async function* () {
        await waits;
        yield { kind: "ack", from: "late" } as const;
      })(),
    );
    backend.script.query = () => running;
    const client = await open();
    client.send({ Command: "query", Seq: 1 }, { Name: "load" });
    await client.receive(2);

    client.end();

    await until("the query was closed", () => running.isClosed);
    finish();
  });

  it("tells dropped records in its stats once there are any (RPC specification §15)", async () => {
    await start({ limits: { recordLimit: 1 } });
    backend.statsGroups = { agent: { name: "a" } };
    const [slow, good] = [await open(), await open()];
    good.send({ Command: "stats", Seq: 1 });
    expect((await good.receive(3)).at(-1)).toEqual({ agent: { name: "a" } });

    slow.socket.pause();
    slow.send({ Command: "stream", Seq: 1 }, { Type: "*" });
    const payload = new Uint8Array(400);
    await until("something was dropped", () => {
      for (let index = 0; index < 1000; index += 1) backend.emit(userEvent("x", { payload }));
      return server.counters.droppedRecordCount > 0;
    });
    good.send({ Command: "stats", Seq: 2 });

    const stats = (await good.receive(5)).at(-1)?.["agent"] as Record<string, string>;
    expect(Number(stats["rpc_dropped_records"])).toBe(server.counters.droppedRecordCount);
  });

  it("survives a monitor of its own warnings", async () => {
    await start({ limits: { recordLimit: 1 } });
    backend.log = (level, text) => backend.writeLog(`t [${level}] ${text}`);
    const watcher = await open();
    watcher.send({ Command: "monitor", Seq: 1 }, { LogLevel: "TRACE" });
    await watcher.receive(2);

    for (let index = 0; index < 20; index += 1) await open();

    await until("lines came", () => watcher.records.length >= 20);
    expect(watcher.records.at(-1)?.body?.["Log"]).toMatch(/agent\.ipc: /);
  });

  it("closes every connection, and its listener, and lets go of the agent", async () => {
    await start();
    const client = await open();
    const deaf = await open();
    deaf.socket.pause();

    await server.close();

    await client.closed();
    expect(server.connectionCount).toBe(0);
    expect(backend.subscriberCount).toBe(0);
    await expect(RawRpcClient.connect(server.address.port)).rejects.toThrow("ECONNREFUSED");
  });

  it("tells of a client that hangs up hard in the reference's words", async () => {
    await start();
    const client = await open();
    const { localPort } = client.socket;
    client.socket.on("error", () => {});

    client.socket.resetAndDestroy();
    await until("it has noticed", () => server.connectionCount === 0);

    expect(backend.logged.at(-1)).toBe(
      "[ERR] agent.ipc: failed to decode request header: " +
        `read tcp 127.0.0.1:${server.address.port}->127.0.0.1:${localPort}: read: connection reset by peer`,
    );
  });

  it("says that an address is in use", async () => {
    await start();

    await expect(
      startRpcServer({ host: "127.0.0.1", port: server.address.port, backend }),
    ).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});
