/**
 * A client that no one here wrote, the registry's `serf-rpc`, against our real agent.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AgentGroup, type AgentProcess, until } from "../src/agent-process.ts";
import { allList } from "../src/member-list.ts";
import { ourProgram } from "../src/programs.ts";

type Reply = Readonly<Record<string, unknown>>;
type Callback = (error: boolean | Error | undefined, reply: Reply) => void;

/** As much of the package as is used here; it has no types. */
interface SerfRpc {
  readonly events: EventEmitter;
  connect(options: { rpc_host: string; rpc_port: number }, done: (error?: Error) => void): void;
}

// A process has one connection in this package: it keeps its socket in a module variable.
const SerfRpcPackage = createRequire(import.meta.url)("serf-rpc") as new () => SerfRpc;
const serf = new SerfRpcPackage();
const group = new AgentGroup();
const ours = ourProgram();
const key = "6TT/jqsMbQKNl8nFsBPLfA==";
const secondKey = "HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8=";
let agent: AgentProcess;
let mate: AgentProcess;

function call(command: string, body?: object): Promise<Reply> {
  const commands = serf as unknown as Record<string, (...parameters: unknown[]) => void>;
  return new Promise((resolve, reject) => {
    const done: Callback = (error, reply) =>
      error ? reject(new Error(String(reply["Error"]))) : resolve(reply);
    const run = commands[command];
    if (run === undefined) throw new Error(`the package has no ${command}`);
    run(...(body === undefined ? [done] : [body, done]));
  });
}

/**
 * Everything it told anybody. Of records that arrive together it tells only the last, and where
 * one comes together with the response, takes that for the response.
 */
const told: Reply[] = [];

function rememberWhatIsTold(): void {
  const emit = serf.events.emit.bind(serf.events);
  serf.events.emit = (name: string | symbol, ...data: unknown[]) => {
    told.push(data[0] as Reply);
    return emit(name, ...data);
  };
}

/** Subscribes; what is heard gathers in the array. */
async function listen(type: string): Promise<{ readonly heard: Reply[]; readonly seq: unknown }> {
  const heard: Reply[] = [];
  const { Seq } = await call("stream", { Type: type });
  serf.events.on(String(Seq), (data: Reply) => heard.push(data));
  return { heard, seq: Seq };
}

beforeAll(async () => {
  const flags = [`-encrypt=${key}`, "-log-level=debug"];
  agent = await group.start(ours, { node: "served", flags: [...flags, "-tag=role=web"] });
  mate = await group.start(ours, { node: "mate", flags });
  await new Promise<void>((resolve, reject) => {
    const options = { rpc_host: "127.0.0.1", rpc_port: agent.rpcPort };
    serf.connect(options, (error) => (error ? reject(error) : resolve()));
  });
  rememberWhatIsTold();
});
afterAll(() => group.close());

describe("the serf-rpc package against our agent", () => {
  it("joins a member, hears it join, and lists both", async () => {
    const { heard } = await listen("member-join");

    expect(await call("join", { Existing: [mate.bind] })).toEqual({ Num: 1 });

    // Its own join may be told before, or together with it.
    await until("the join is heard", () =>
      heard.some((record) =>
        (record["Members"] as Reply[]).some((member) => member["Name"] === "mate"),
      ),
    );
    expect(heard[0]).toMatchObject({ Event: "member-join" });
    const { Members } = await call("members");
    expect((Members as Reply[]).map((member) => [member["Name"], member["Status"]]).sort()).toEqual(
      [
        ["mate", "alive"],
        ["served", "alive"],
      ],
    );
    await allList([agent, mate], { served: "alive", mate: "alive" });
  });

  it("filters members and changes tags", async () => {
    await call("tags", { Tags: { color: "red" }, DeleteTags: ["role"] });

    const { Members } = await call("members-filtered", { Tags: { color: "r.*" } });

    expect(Members).toMatchObject([{ Name: "served", Tags: { color: "red" }, ProtocolCur: 2 }]);
    expect((Members as Reply[])[0]?.["Port"]).toBe(agent.bindPort);
  });

  it("sends an event and hears it", async () => {
    const { heard } = await listen("user:deploy");

    await call("event", { Name: "other", Payload: "x", Coalesce: false });
    await call("event", { Name: "deploy", Payload: "v1", Coalesce: false });

    await until("the event is heard", () => heard.length > 0);
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ Event: "user", Name: "deploy", Coalesce: false });
    expect(String(heard[0]?.["Payload"])).toBe("v1");
    await expect(call("event", { Name: "big", Payload: "x".repeat(600) })).rejects.toThrow(
      "user event exceeds configured limit of 512 bytes before encoding",
    );
  });

  it("answers a query asked by another member's command line", async () => {
    const { heard, seq } = await listen("query");

    const asking = mate.command(ours, ["query", "-format=json", "-timeout=5s", "load", "now"]);
    await until("the query is heard", () => heard.length > 0);
    await call("respond", { ID: heard[0]?.["ID"], Payload: "pong" });
    const { stdout } = await asking;

    expect(heard[0]).toMatchObject({ Event: "query", Name: "load" });
    expect(JSON.parse(stdout)).toMatchObject({ Responses: { served: "pong" } });
    await call("stop", { Stop: seq });
  });

  it("asks a query and is told the end", async () => {
    const before = told.length;
    await call("query", { Name: "who", Payload: "", RequestAck: true, Timeout: 2_000_000_000 });

    await until("the query ends", () =>
      told.slice(before).some((record) => record["Type"] === "done"),
    );
  });

  it("installs and lists keys, and gets stats", async () => {
    await until("both have the second key", async () => {
      return (await call("install-key", { Key: secondKey }))["NumErr"] === 0;
    });
    await until("both hold both keys", async () => {
      const { Keys } = await call("list-keys");
      return JSON.stringify(Object.values(Keys as object)) === "[2,2]";
    });

    expect(await call("stats")).toMatchObject({ agent: { name: "served" } });
  });

  it("follows the log, and is told errors", async () => {
    await call("monitor", { LogLevel: "DEBUG" });
    await until("lines came", () =>
      told.some((record) => / \[(DEBUG|INFO|WARN)\] \w+/.test(String(record["Log"]))),
    );

    await expect(call("monitor", { LogLevel: "loud" })).rejects.toThrow("Unknown log level: LOUD");
    await expect(call("force-leave", { Node: "" })).resolves.toBeDefined();
  });

  it("makes the agent leave", async () => {
    await call("leave");

    expect(await agent.ends()).toBe(0);
    await allList([mate], { served: "left", mate: "alive" });
  });
});
