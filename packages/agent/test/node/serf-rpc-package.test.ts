/** The registry's `serf-rpc`, a client that no one here wrote, against our server. */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

type Reply = Readonly<Record<string, unknown>>;
type Callback = (error: boolean | Error | undefined, reply: Reply) => void;

/** As much of the package as is used here; it has no types. */
interface SerfRpc {
  readonly events: EventEmitter;
  connect(options: { rpc_host: string; rpc_port: number }, done: (error?: Error) => void): void;
  listen(type: string, listener: (data: Reply, stop: () => void) => void): void;
  log(level: string, listener: (data: Reply, stop: () => void) => void): void;
}

// A process has one connection in this package: it keeps its socket in a module variable.
const SerfRpcPackage = createRequire(import.meta.url)("serf-rpc") as new () => SerfRpc;
const serf = new SerfRpcPackage();
const backend = new ScriptedBackend();
let server: RpcServer;

/** Calls a command; the package adds the fields that are left out. */
function call(command: string, body?: object): Promise<Reply> {
  const commands = serf as unknown as Record<string, (...parameters: unknown[]) => void>;
  return new Promise((resolve, reject) => {
    const done: Callback = (error, reply) =>
      error ? reject(new Error(String(reply["Error"]))) : resolve(reply);
    commands[command]?.(...(body === undefined ? [done] : [body, done]));
  });
}

beforeAll(async () => {
  server = await startRpcServer({ host: "127.0.0.1", port: 0, backend });
  await new Promise<void>((resolve, reject) => {
    const options = { rpc_host: "127.0.0.1", rpc_port: server.address.port };
    serf.connect(options, (error) => (error ? reject(error) : resolve()));
  });
});
afterAll(() => server.close());

describe("the serf-rpc package against our server", () => {
  it("lists members", async () => {
    backend.memberList = [member("a", { tags: { role: "web" } }), member("b")];

    const { Members } = await call("members");

    expect(Members).toMatchObject([
      { Name: "a", Port: 7946, Status: "alive", Tags: { role: "web" }, ProtocolCur: 2 },
      { Name: "b" },
    ]);
  });

  it("lists members though it sends a body nobody expects (RPC specification §11 item 3)", async () => {
    expect(((await call("members", {}))["Members"] as unknown[]).length).toBe(2);
    expect(((await call("members", {}))["Members"] as unknown[]).length).toBe(2);
  });

  it("filters members, with nil for the filters it leaves out", async () => {
    const { Members } = await call("members-filtered", { Name: "b" });

    expect(Members).toMatchObject([{ Name: "b" }]);
  });

  it("sends events, joins, changes tags", async () => {
    await call("event", { Name: "deploy", Payload: "v1", Coalesce: false });
    expect(await call("join", { Existing: ["127.0.0.1:1"] })).toEqual({ Num: 1 });
    await call("tags", { Tags: { a: "1" } });
    await call("force-leave", { Node: "b" });

    expect(backend.calls).toEqual([
      ["userEvent", "deploy", [118, 49], { coalesce: false }],
      ["join", ["127.0.0.1:1"], { ignoreOldEvents: true }],
      ["updateTags", { set: { a: "1" }, deleted: [] }],
      ["forceLeave", "b", { prune: false }],
    ]);
  });

  it("gets stats and keys", async () => {
    backend.statsGroups = { agent: { name: "a" } };
    backend.script.keys = () => Promise.resolve(keyOutcome({ keys: new Map([["a2V5", 1]]) }));

    expect(await call("stats")).toEqual({ agent: { name: "a" } });
    expect(await call("list-keys")).toMatchObject({ Keys: { a2V5: 1 }, NumNodes: 1 });
    expect(await call("install-key", { Key: "a2V5" })).toMatchObject({ Keys: null, NumErr: 0 });
  });

  it("is told an error", async () => {
    await expect(call("monitor", { LogLevel: "loud" })).rejects.toThrow("Unknown log level: LOUD");
    backend.script.userEvent = () => {
      throw new Error("too long");
    };
    await expect(call("event", { Name: "x" })).rejects.toThrow("too long");
  });

  it("listens to events, answers a query, and stops", async () => {
    const heard: Reply[] = [];
    backend.script.respond = () => {};
    // Not `listen`, whose way to stop gives no callback, which throws when the answer comes.
    const { Seq } = await call("stream", { Type: "user,query" });
    serf.events.on(String(Seq), (data: Reply) => heard.push(data));

    backend.emit(userEvent("deploy", { lamportTime: 5n }));
    await until("the event came", () => heard.length === 1);
    backend.emit(queryEvent("load"));
    await until("the query came", () => heard.length === 2);
    await call("respond", { ID: heard[1]?.["ID"], Payload: "pong" });
    await call("stop", { Stop: Seq });
    backend.emit(userEvent("late"));
    await call("stats");

    expect(heard).toMatchObject([
      { Event: "user", Name: "deploy", LTime: 5, Coalesce: false },
      { Event: "query", Name: "load", ID: 1 },
    ]);
    expect(backend.calls.at(-1)).toEqual(["respond", "load", [112, 111, 110, 103]]);
  });

  it("listens to events in its own way", async () => {
    const heard: Reply[] = [];
    serf.listen("member-join", (data) => heard.push(data));
    await call("stats");

    backend.emit({ kind: "member-join", members: [member("new")] });

    await until("the event came", () => heard.length === 1);
    expect(heard).toMatchObject([{ Event: "member-join", Members: [{ Name: "new" }] }]);
  });

  it("follows the log", async () => {
    const heard: Reply[] = [];
    serf.log("INFO", (data) => heard.push(data));
    await call("stats");

    backend.writeLog("t [INFO] agent: hello");

    await until("the line came", () => heard.length > 0);
    expect(heard).toEqual([{ Log: "t [INFO] agent: hello" }]);
  });

  it("starts a query", async () => {
    backend.script.query = () => runningQuery([{ kind: "ack", from: "a" }]);

    await call("query", { Name: "load", Payload: "x" });

    expect(backend.calls.at(-1)).toMatchObject(["query", { name: "load", timeoutMs: 0 }]);
  });
});
