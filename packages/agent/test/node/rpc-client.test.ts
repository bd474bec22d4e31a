import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RpcError, connectRpc } from "../../src/rpc/client/index.ts";
import type { RpcClient } from "../../src/rpc/client/index.ts";
import { startRpcServer } from "../../src/rpc/server/rpc-server.ts";
import type { RpcServer } from "../../src/rpc/server/rpc-server.ts";
import { until } from "../support/until.ts";
import {
  ScriptedBackend,
  keyOutcome,
  member,
  queryEvent,
  runningQuery,
  userEvent,
} from "../support/scripted-backend.ts";

let backend: ScriptedBackend;
let server: RpcServer;
let client: RpcClient;

beforeEach(async () => {
  backend = new ScriptedBackend();
  server = await startRpcServer({ host: "127.0.0.1", port: 0, backend });
  client = await connectRpc({ address: `127.0.0.1:${server.address.port}` });
});
afterEach(async () => {
  await client.close();
  await server.close();
});

describe("RpcClient commands", () => {
  it("lists members, with their addresses as text", async () => {
    const mapped = new Uint8Array(Buffer.from("00000000000000000000ffff0a090909", "hex"));
    backend.memberList = [
      member("a", { tags: { role: "web" } }),
      member("b", { addressBytes: mapped }),
    ];

    expect(await client.members()).toMatchObject([
      { name: "a", address: "127.0.0.1", port: 7946, tags: { role: "web" }, status: "alive" },
      { name: "b", address: "10.9.9.9", addressBytes: mapped },
    ]);
    expect(await client.membersFiltered({ tags: { role: "w.b" } })).toHaveLength(1);
  });

  it("gets the reason for a bad expression and may go on (RPC specification §15)", async () => {
    await expect(client.membersFiltered({ name: "(" })).rejects.toMatchObject({
      code: "remote",
      message: "Failed to compile regex: error parsing regexp: missing closing ): `^($`",
    });
    expect(await client.members()).toEqual([]);
  });

  it("brings every command to the agent", async () => {
    expect(await client.join(["a:1", "[::1]:2"], { replay: true })).toBe(2);
    await client.forceLeave("gone", { prune: true });
    await client.userEvent("deploy", Uint8Array.of(1), { coalesce: true });
    await client.userEvent("bare");
    await client.updateTags({ set: { a: "1" }, deleted: ["b"] });
    await client.installKey("a2V5");
    await client.useKey("a2V5");
    await client.removeKey("a2V5");

    expect(backend.calls).toEqual([
      ["join", ["a:1", "[::1]:2"], { ignoreOldEvents: false }],
      ["forceLeave", "gone", { prune: true }],
      ["userEvent", "deploy", [1], { coalesce: true }],
      ["userEvent", "bare", [], { coalesce: false }],
      ["updateTags", { set: { a: "1" }, deleted: ["b"] }],
      ["keys", "install", "a2V5"],
      ["keys", "use", "a2V5"],
      ["keys", "remove", "a2V5"],
    ]);
  });

  it("tells keys, and failures of members without failing itself", async () => {
    backend.script.keys = () =>
      Promise.resolve(
        keyOutcome({
          messages: new Map([["a", "bad"]]),
          keys: new Map([["a2V5", 2]]),
          errorCount: 1,
          error: "1/1 nodes reported failure",
        }),
      );

    expect(await client.listKeys()).toEqual({
      error: "1/1 nodes reported failure",
      messages: { a: "bad" },
      keys: { a2V5: 2 },
      memberCount: 1,
      errorCount: 1,
      responseCount: 1,
    });
  });

  it("fails with the agent's text, verbatim, and only that call", async () => {
    backend.script.userEvent = () => {
      throw new Error("user event exceeds configured limit of 512 bytes before encoding");
    };
    backend.script.join = () => Promise.reject(new Error("1 error occurred:\n\t* 100 % of it\n\n"));

    await expect(client.userEvent("x")).rejects.toMatchObject({
      name: "RpcError",
      code: "remote",
      message: "user event exceeds configured limit of 512 bytes before encoding",
    });
    await expect(client.join(["a"])).rejects.toThrow("1 error occurred:\n\t* 100 % of it\n\n");
    expect(await client.stats()).toEqual({});
  });

  it("gets stats and coordinates", async () => {
    backend.statsGroups = { agent: { name: "a" }, tags: {} };
    const known = { vector: [0.5, -1], error: 1.5, adjustment: 0, height: 1e-5 };
    backend.script.coordinate = (name) => (name === "a" ? known : undefined);

    expect(await client.stats()).toEqual({ agent: { name: "a" }, tags: {} });
    expect(await client.coordinate("a")).toEqual(known);
    expect(await client.coordinate("b")).toBeUndefined();
  });

  it("does not wait for a long command to answer a short one (RPC specification §15)", async () => {
    let finish: (contacted: number) => void = () => {};
    backend.script.join = () => new Promise((resolve) => (finish = resolve));
    const joining = client.join(["dead-host"]);

    expect(await client.members()).toEqual([]);
    finish(0);
    expect(await joining).toBe(0);
  });

  it("gives up a call when its signal is aborted, and hears later answers all the same", async () => {
    let finish: (contacted: number) => void = () => {};
    backend.script.join = () => new Promise((resolve) => (finish = resolve));
    const controller = new AbortController();
    const joining = client.join(["slow"], { signal: controller.signal });
    await until("the agent was asked", () => backend.calls.length === 1);

    controller.abort(new Error("enough"));
    await expect(joining).rejects.toThrow("enough");
    finish(1);

    expect(await client.members()).toEqual([]);
    await expect(client.members({ signal: controller.signal })).rejects.toThrow("enough");
  });
});

describe("RpcClient streams", () => {
  it("iterates events of every kind and answers a query", async () => {
    const answered: number[][] = [];
    backend.script.respond = (_, payload) => answered.push([...payload]);
    const events = client.events();
    await events.ready;
    backend.emit({ kind: "member-join", members: [member("a")] });
    backend.emit(userEvent("deploy", { lamportTime: 2n ** 63n, payload: Uint8Array.of(7) }));
    backend.emit(queryEvent("load", { lamportTime: 3n }));

    const seen: unknown[] = [];
    for await (const event of events) {
      seen.push(event);
      if (event.kind !== "query") continue;
      await client.respond(event.id, Uint8Array.of(42));
      break;
    }

    expect(seen).toMatchObject([
      { kind: "member-join", members: [{ name: "a", address: "127.0.0.1" }] },
      { kind: "user", name: "deploy", lamportTime: 2n ** 63n, payload: Uint8Array.of(7) },
      { kind: "query", id: 1n, lamportTime: 3n, name: "load", payload: new Uint8Array() },
    ]);
    expect(answered).toEqual([[42]]);
  });

  it("stops the stream at the agent when the loop is left", async () => {
    const events = client.events("user");
    await events.ready;
    events.close();
    await client.members();

    backend.emit(userEvent("late"));

    expect(await client.stats()).toEqual({});
    const collected: unknown[] = [];
    for await (const event of events) collected.push(event);
    expect(collected).toEqual([]);
  });

  it("fails both ready and iteration when the agent refuses", async () => {
    const events = client.events("nonsense");

    await expect(events.ready).rejects.toThrow("Invalid event filter");
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "remote" });
  });

  it("drops and counts what a slow reader leaves, to a stated limit", async () => {
    const events = client.events("*", { bufferLimit: 2 });
    await events.ready;
    for (let index = 0; index < 5; index += 1) backend.emit(userEvent(`${index}`));
    await client.members();
    await until("all came", () => events.droppedCount === 3);

    const names: string[] = [];
    for await (const event of events) {
      if (event.kind === "user") names.push(event.name);
      if (names.length === 2) break;
    }
    expect(names).toEqual(["0", "1"]);
  });

  it("follows the log", async () => {
    backend.logRing = ["t [INFO] agent: one", "t [DEBUG] agent: two"];
    const lines: string[] = [];

    for await (const line of client.monitor("info")) {
      lines.push(line);
      if (lines.length === 1) backend.writeLog("t [WARN] agent: three");
      if (lines.length === 2) break;
    }

    expect(lines).toEqual(["t [INFO] agent: one", "t [WARN] agent: three"]);
  });

  it("iterates the answers to a query until it is done", async () => {
    backend.script.query = () =>
      runningQuery([
        { kind: "ack", from: "a" },
        { kind: "response", from: "a", payload: Uint8Array.of(1) },
      ]);

    const answers: unknown[] = [];
    for await (const answer of client.query({ name: "load", ack: true, timeoutMs: 1500.5 })) {
      answers.push(answer);
    }

    expect(answers).toEqual([
      { kind: "ack", from: "a" },
      { kind: "response", from: "a", payload: Uint8Array.of(1) },
    ]);
    expect(backend.calls).toMatchObject([["query", { name: "load", timeoutMs: 1500, ack: true }]]);
  });

  it("ends a stream with the signal's reason", async () => {
    const controller = new AbortController();
    const events = client.events("*", { signal: controller.signal });
    await events.ready;
    const waiting = events[Symbol.asyncIterator]().next();

    controller.abort(new Error("enough"));

    await expect(waiting).rejects.toThrow("enough");
    expect(await client.members()).toEqual([]);
  });
});

describe("RpcClient and a connection that ends", () => {
  it("fails waiting calls and streams when the agent goes", async () => {
    backend.script.join = () => new Promise(() => {});
    const joining = client.join(["a"]);
    const events = client.events();
    await events.ready;
    const waiting = events[Symbol.asyncIterator]().next();

    const failures = Promise.allSettled([joining, waiting]);
    await server.close();

    expect(await failures).toMatchObject([
      { reason: { code: "client-closed", message: "client closed" } },
      { reason: { code: "client-closed", message: "client closed" } },
    ]);
    await client.closed;
    await expect(client.members()).rejects.toMatchObject({ code: "client-closed" });
    await expect(client.events().ready).rejects.toMatchObject({
      code: "stream-closed",
      message: "Stream closed",
    });
  });

  it("ends its streams without a failure when it closes itself", async () => {
    const events = client.events();
    await events.ready;
    const waiting = events[Symbol.asyncIterator]().next();

    await client.close();

    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});

describe("connectRpc", () => {
  let listener: Server | undefined;
  afterEach(() => {
    listener?.close();
    listener = undefined;
  });

  async function listen(onData: (write: (hex: string) => void) => void): Promise<string> {
    listener = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", () => onData((hex) => socket.write(Buffer.from(hex, "hex"))));
    });
    await new Promise<void>((resolve) => listener?.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }

  it.each([
    ["", "dial tcp: missing address"],
    ["127.0.0.1", "dial tcp: address 127.0.0.1: missing port in address"],
    ["::1:7373", "dial tcp: address ::1:7373: too many colons in address"],
    ["127.0.0.1:nope", "dial tcp: lookup tcp/nope: unknown port"],
    ["127.0.0.1:70000", "dial tcp: address 70000: invalid port"],
  ])("refuses the address %j in the reference's words", async (address, message) => {
    await expect(connectRpc({ address })).rejects.toMatchObject({ code: "dial-failed", message });
  });

  it("tells a refused connection in the reference's words", async () => {
    const address = await listen(() => {});
    await new Promise((resolve) => listener?.close(resolve));

    await expect(connectRpc({ address })).rejects.toMatchObject({
      code: "dial-failed",
      message: `dial tcp ${address}: connect: connection refused`,
    });
  });

  it("gives up on an agent that does not answer", async () => {
    const address = await listen(() => {});

    await expect(connectRpc({ address, timeoutMs: 50 })).rejects.toMatchObject({
      code: "timed-out",
    });
  });

  it("gives up when its signal is aborted", async () => {
    const address = await listen(() => {});
    const controller = new AbortController();
    const connecting = connectRpc({ address, signal: controller.signal });

    controller.abort(new Error("enough"));

    await expect(connecting).rejects.toThrow("enough");
  });

  it("fails when what answers is no agent", async () => {
    const address = await listen((write) => write("c1"));

    await expect(connectRpc({ address })).rejects.toMatchObject({ code: "protocol" });
  });

  it("fails a call whose body is not what the command returns", async () => {
    let count = 0;
    const address = await listen((write) => {
      count += 1;
      // Members that are a number.
      write(
        count === 1
          ? "82a54572726f72a0a353657101"
          : "82a54572726f72a0a35365710281a74d656d6265727305",
      );
    });
    const own = await connectRpc({ address });

    await expect(own.members()).rejects.toMatchObject({ code: "protocol" });
    await own.closed;
  });

  it("authenticates, and fails with a wrong key or none", async () => {
    const guarded = await startRpcServer({ host: "127.0.0.1", port: 0, backend, authKey: "key" });
    const address = `127.0.0.1:${guarded.address.port}`;
    try {
      await using right = await connectRpc({ address, authKey: "key" });
      await using none = await connectRpc({ address });

      expect(await right.members()).toEqual([]);
      await expect(none.members()).rejects.toThrow(
        new RpcError("remote", "Authentication required"),
      );
      await expect(none.coordinate("x")).rejects.toThrow("Authentication required");
      await expect(connectRpc({ address, authKey: "no" })).rejects.toMatchObject({
        code: "remote",
        message: "Invalid authentication token",
      });
    } finally {
      await guarded.close();
    }
  });
});
