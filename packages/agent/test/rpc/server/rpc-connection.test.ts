import { describe, expect, it, vi } from "vitest";
import { PublishedEvent } from "../../../src/rpc/server/event-stream.ts";
import { ConnectionBench } from "../../support/connection-bench.ts";
import { member, queryEvent, userEvent } from "../../support/scripted-backend.ts";

const close = { kind: "close", when: "flushed" };

function publish(bench: ConnectionBench, event: PublishedEvent["event"]): void {
  bench.connection.publishEvent(new PublishedEvent(event, bench.nowMs));
}

describe("RpcConnection before the handshake (RPC specification §4)", () => {
  it("refuses every other command without a body, and closes", () => {
    const bench = new ConnectionBench();

    bench.send({ Command: "members", Seq: 5 });

    expect(bench.takeValues()).toEqual([{ Error: "Handshake required", Seq: 5 }]);
    expect(bench.takeDirectives()).toEqual([
      {
        kind: "log",
        level: "ERR",
        text: "agent.ipc: Failed to evaluate request: Handshake required",
      },
      close,
    ]);
  });

  it("takes keys in lower case for unknown ones", () => {
    const bench = new ConnectionBench();

    bench.send({ command: "handshake", seq: 3 }, { Version: 1 });

    expect(bench.takeValues()).toEqual([{ Error: "Handshake required", Seq: 0 }]);
  });

  it("refuses other versions and stays usable", () => {
    const bench = new ConnectionBench();

    bench.send({ Command: "handshake", Seq: 1 }, { Version: 2 });
    bench.send({ Command: "handshake", Seq: 2 }, { Version: -1 });
    bench.send({ Command: "handshake", Seq: 3 }, { Version: 1 });
    bench.send({ Command: "handshake", Seq: 4 }, { Version: 1 });
    bench.send({ Command: "handshake", Seq: 5 }, { Version: 9 });

    expect(bench.takeErrors()).toEqual([
      "Unsupported IPC version",
      "Unsupported IPC version",
      "",
      "Handshake already performed",
      "Unsupported IPC version",
    ]);
  });

  it("closes a client that never shakes hands", () => {
    const bench = new ConnectionBench({ limits: { openTimeoutMs: 1000 } });

    expect(bench.connection.nextDeadlineMs()).toBe(1000);
    bench.passMs(999);
    expect(bench.takeDirectives()).toEqual([]);
    bench.passMs(1);
    expect(bench.takeDirectives()).toContainEqual({ kind: "close", when: "now" });
  });

  it("lets a client at rest stay for ever once it has", () => {
    expect(new ConnectionBench().shake().connection.nextDeadlineMs()).toBe(Infinity);
  });
});

describe("RpcConnection with an authentication key", () => {
  it("refuses commands once, without a body, and consumes the body of the refused one (§11 item 1)", () => {
    const bench = new ConnectionBench({ authKey: "s3cret" }).shake();

    bench.send({ Command: "get-coordinate", Seq: 1 }, { Node: "x" });
    bench.send({ Command: "get-coordinate", Seq: 2 }, ["x"]);
    bench.send({ Command: "members", Seq: 3 });
    bench.send({ Command: "no-such", Seq: 4 });
    bench.send({ Command: "auth", Seq: 5 }, { AuthKey: "s3cret" });

    const refused = (Seq: number): object => ({ Error: "Authentication required", Seq });
    expect(bench.takeValues()).toEqual([
      refused(1),
      refused(2),
      refused(3),
      refused(4),
      { Error: "", Seq: 5 },
    ]);
    expect(bench.takeActions()).toEqual(
      Array.from({ length: 4 }, () => ({
        kind: "log",
        level: "WARN",
        text: "agent.ipc: Client sending commands before auth",
      })),
    );
  });

  it("answers a wrong key only after a while, and a right one at once", () => {
    const bench = new ConnectionBench({ authKey: "s3cret" }).shake();

    bench.send({ Command: "auth", Seq: 1 }, { AuthKey: "nope" });
    expect(bench.takeValues()).toEqual([]);
    expect(bench.connection.wantsInput).toBe(false);
    bench.send({ Command: "auth", Seq: 2 }, { AuthKey: "s3cret" });
    bench.passMs(50);

    expect(bench.takeValues()).toEqual([
      { Error: "Invalid authentication token", Seq: 1 },
      { Error: "", Seq: 2 },
    ]);
  });

  it("is not closed to a client by a later wrong key", () => {
    const bench = new ConnectionBench({ authKey: "s3cret" }).shake();

    bench.send({ Command: "auth", Seq: 1 }, { AuthKey: "s3cret" });
    bench.send({ Command: "auth", Seq: 2 }, { AuthKey: "nope" });
    bench.passMs(50);
    bench.send({ Command: "stop", Seq: 3 }, { Stop: 1 });

    expect(bench.takeErrors()).toEqual(["", "Invalid authentication token", ""]);
  });

  it("closes a client that never authenticates", () => {
    const bench = new ConnectionBench({ authKey: "s3cret", limits: { openTimeoutMs: 1000 } });
    bench.shake();

    bench.passMs(1000);

    expect(bench.takeDirectives()).toContainEqual({ kind: "close", when: "now" });
  });

  it("takes only the empty key when none is configured, and does not wait", () => {
    const bench = new ConnectionBench().shake();

    const wrong = [{ Command: "auth", Seq: 1 }, { AuthKey: "x" }];
    bench.send(...Array.from({ length: 5000 }, () => wrong).flat());
    const errors = bench.takeErrors();
    expect(errors).toHaveLength(5000);
    expect(new Set(errors)).toEqual(new Set(["Invalid authentication token"]));
    bench.send({ Command: "auth", Seq: 1 }, { AuthKey: "" });

    expect(bench.takeErrors()).toEqual([""]);
  });
});

describe("RpcConnection reading requests", () => {
  it("answers an unknown command with an error, and closes", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "frobnicate\n", Seq: 1 }, { Command: "stop", Seq: 2 }, { Stop: 1 });

    expect(bench.takeValues()).toEqual([{ Error: "Unsupported command", Seq: 1 }]);
    expect(bench.takeActions()).toEqual([
      {
        kind: "log",
        level: "ERR",
        text: "agent.ipc: Failed to evaluate request: command 'frobnicate?' not recognized",
      },
      close,
    ]);
  });

  it.each(["constructor", "__proto__", "toString"])("does not know the command %s", (name) => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: name, Seq: 1 });

    expect(bench.takeErrors()).toEqual(["Unsupported command"]);
  });

  it("hands commands over one by one, in order", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "members", Seq: 1 }, { Command: "stats", Seq: 2 });

    expect(bench.takeActions()).toEqual([
      { kind: "run", seq: 1n, request: { command: "members", body: null } },
    ]);
    bench.connection.reply(1n, "", Uint8Array.of(0x80));
    bench.connection.advance(0);
    expect(bench.takeActions()).toEqual([
      { kind: "run", seq: 2n, request: { command: "stats", body: null } },
    ]);
    expect(bench.takeValues()).toEqual([{ Error: "", Seq: 1 }, {}]);
  });

  it("answers by number whatever is done first", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "leave", Seq: 1 });
    bench.takeDirectives();
    bench.send({ Command: "stop", Seq: 2 }, { Stop: 9 });
    bench.connection.reply(1n, "");

    expect(bench.takeValues()).toEqual([
      { Error: "", Seq: 2 },
      { Error: "", Seq: 1 },
    ]);
  });

  it("runs the former command again, or keeps its number, when the header says nothing new", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "stop", Seq: 4 }, { Stop: 1 }, { Seq: 5 }, { Stop: 1 });
    bench.send({ Command: "stop" }, { Stop: 1 });

    expect(bench.takeValues()).toEqual([
      { Error: "", Seq: 4 },
      { Error: "", Seq: 5 },
      { Error: "", Seq: 5 },
    ]);
  });

  it("ignores a body nobody expected (§11 item 3)", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "members", Seq: 1 }, {});

    expect(bench.takeActions()).toHaveLength(1);
    bench.connection.reply(1n, "");
    bench.connection.advance(0);
    expect(bench.takeActions()).toEqual([]);
    expect(bench.takeValues()).toHaveLength(1);
  });

  it.each([
    ["garbage", "c1c1", "failed to decode request header: 0xc1 begins no value"],
    ["a number for a header", "05", "failed to decode request header: expected a list or a map"],
    ["a claim of two gigabytes", "db7fffffff", "failed to decode request header: a value of"],
    ["a relay factor of 256", undefined, "Failed to evaluate request: decode failed: 256 is not"],
  ])("closes after %s and says why in the log", (_, bytes, text) => {
    const bench = new ConnectionBench().shake();

    if (bytes === undefined) bench.send({ Command: "query", Seq: 1 }, { RelayFactor: 256 });
    else bench.sendBytes(Buffer.from(bytes, "hex"));

    const actions = bench.takeActions();
    expect(actions).toEqual([
      { kind: "log", level: "ERR", text: expect.stringContaining(`agent.ipc: ${text}`) as string },
      close,
    ]);
    expect(bench.takeValues()).toEqual([]);
    expect(bench.connection.wantsInput).toBe(false);
  });

  it("closes after a message that does not come to its end", () => {
    const bench = new ConnectionBench({ limits: { messageTimeoutMs: 1000 } }).shake();

    bench.send({ Command: "stop", Seq: 1 });
    expect(bench.connection.nextDeadlineMs()).toBe(1000);
    bench.passMs(500);
    bench.sendBytes(Uint8Array.of(0x81));
    bench.passMs(500);

    expect(bench.takeDirectives()).toContainEqual({ kind: "close", when: "now" });
  });

  it("says nothing in the log when the client ends between requests or in a header, and the reference's word in a body", () => {
    const clean = new ConnectionBench().shake();
    const torn = new ConnectionBench().shake();
    const bodiless = new ConnectionBench().shake();

    clean.connection.handleEnd();
    torn.sendBytes(Uint8Array.of(0x82));
    torn.connection.handleEnd();
    bodiless.send({ Command: "event", Seq: 1 });
    bodiless.connection.handleEnd();

    expect(clean.takeActions()).toEqual([close]);
    expect(torn.takeActions()).toEqual([close]);
    expect(bodiless.takeActions()).toEqual([
      {
        kind: "log",
        level: "ERR",
        text: "agent.ipc: Failed to evaluate request: decode failed: EOF",
      },
      close,
    ]);
  });

  it("tells why a connection broke, and closes, once", () => {
    const bench = new ConnectionBench().shake();

    bench.connection.handleFailure("read tcp a->b: read: connection reset by peer");
    bench.connection.handleFailure("again");

    expect(bench.takeActions()).toEqual([
      {
        kind: "log",
        level: "ERR",
        text: "agent.ipc: failed to decode request header: read tcp a->b: read: connection reset by peer",
      },
      { kind: "close", when: "now" },
    ]);
  });

  it("still answers what a client asked before it ended its side", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "list-keys", Seq: 1 });
    expect(bench.takeActions()).toHaveLength(1);
    bench.connection.handleEnd();
    expect(bench.takeActions()).toEqual([]);
    bench.connection.reply(1n, "");

    expect(bench.takeErrors()).toEqual([""]);
    expect(bench.takeActions()).toEqual([close]);
  });

  it("reads no further than so many commands in flight", () => {
    const bench = new ConnectionBench({ limits: { inFlightLimit: 2 } }).shake();

    bench.send(...[1, 2, 3].map((Seq) => ({ Command: "list-keys", Seq })));
    expect(bench.takeActions()).toHaveLength(1);
    bench.connection.advance(0);
    expect(bench.takeActions()).toHaveLength(1);
    bench.connection.advance(0);
    expect(bench.takeActions()).toEqual([]);
    expect(bench.connection.wantsInput).toBe(false);
    bench.connection.reply(2n, "");
    bench.connection.advance(0);

    expect(bench.takeActions()).toMatchObject([{ kind: "run", seq: 3n }]);
  });

  it("reads no further while so many bytes of responses wait to be taken", () => {
    const bench = new ConnectionBench({ limits: { unsentBytesLimit: 100 } }).shake();
    const stops = Array.from({ length: 50 }, () => [{ Command: "stop", Seq: 1 }, { Stop: 1 }]);

    bench.send(...stops.flat());

    expect(bench.connection.wantsInput).toBe(false);
    const batches: number[] = [];
    while (batches.reduce((sum, count) => sum + count, 0) < 50) {
      batches.push(bench.takeValues().length);
      bench.connection.advance(0);
    }
    expect(Math.max(...batches)).toBe(8);
  });
});

describe("RpcConnection streams (RPC specification §6, §7 and §9)", () => {
  it("sends the success header before the first record", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "stream", Seq: 51 }, { Type: "user" });
    publish(bench, userEvent("zz", { lamportTime: 10n, payload: Uint8Array.of(0, 255) }));

    expect(bench.takeValues()).toEqual([
      { Error: "", Seq: 51 },
      { Error: "", Seq: 51 },
      {
        Coalesce: false,
        Event: "user",
        LTime: 10,
        Name: "zz",
        Payload: Uint8Array.of(0, 255),
      },
    ]);
  });

  it("refuses bad filters and a number in use, and lets other streams be", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "stream", Seq: 1 }, { Type: "member-join," });
    bench.send({ Command: "stream", Seq: 1 }, { Type: "" });
    bench.send({ Command: "stream", Seq: 1 }, { Type: "" });
    bench.send({ Command: "stop", Seq: 2 }, { Stop: 1 });
    bench.send({ Command: "stream", Seq: 1 }, { Type: "*" });

    expect(bench.takeErrors()).toEqual([
      "Invalid event filter",
      "",
      "Stream with given sequence exists",
      "",
      "",
    ]);
  });

  it("gives each stream its turn, and each query record its own ID", () => {
    const bench = new ConnectionBench().shake();
    bench.send({ Command: "stream", Seq: 1 }, { Type: "query" });
    bench.send({ Command: "stream", Seq: 2 }, { Type: "*" });
    bench.takeValues();

    publish(bench, queryEvent("load"));
    publish(bench, { kind: "member-reap", members: [member("gone")] });

    const values = bench.takeValues();
    const records = values.filter((value) => value["Event"] !== undefined);
    expect(records.map((record) => [record["Event"], record["ID"]])).toEqual([
      ["query", 1],
      ["query", 2],
      ["member-reap", undefined],
    ]);
  });

  it("hands an answer over until the query's deadline, and then knows no such query", () => {
    const bench = new ConnectionBench().shake();
    const event = queryEvent("load", { timeoutMs: 100 });
    bench.send({ Command: "stream", Seq: 1 }, { Type: "query" });
    publish(bench, event);
    bench.takeValues();
    bench.takeDirectives();

    bench.nowMs = 99;
    bench.send({ Command: "respond", Seq: 2 }, { ID: 1, Payload: new Uint8Array([5]) });
    expect(bench.takeActions()).toEqual([
      { kind: "respond", seq: 2n, event, payload: Uint8Array.of(5) },
    ]);
    bench.connection.reply(2n, "");
    bench.nowMs = 100;
    bench.send({ Command: "respond", Seq: 3 }, { ID: 1, Payload: null });
    bench.send({ Command: "respond", Seq: 4 }, { ID: 2, Payload: null });

    expect(bench.takeErrors()).toEqual([
      "",
      "No pending queries matching ID",
      "No pending queries matching ID",
    ]);
  });

  it("queues 512 records, drops further ones, and says so once per burst", () => {
    const bench = new ConnectionBench().shake();
    bench.send({ Command: "stream", Seq: 1 }, { Type: "*" });
    bench.takeValues();
    bench.takeDirectives();
    const warning = {
      kind: "log",
      level: "WARN",
      text: "agent.ipc: Dropping event to ipc.client: 127.0.0.1:50000",
    };

    for (let index = 0; index < 512; index += 1) publish(bench, userEvent(`${index}`));
    expect(bench.takeActions()).toEqual([]);
    for (let index = 512; index < 600; index += 1) publish(bench, userEvent(`${index}`));
    expect(bench.takeActions()).toEqual([warning]);
    expect(bench.connection.droppedRecordCount).toBe(88);

    const names = bench.takeValues().flatMap(({ Name }) => Name ?? []);
    expect(names).toHaveLength(512);
    expect(names.at(-1)).toBe("511");
    for (let index = 0; index < 514; index += 1) publish(bench, userEvent(`${index}`));
    expect(bench.takeActions()).toEqual([warning]);
  });

  it("refuses a stream beyond the limit", () => {
    const bench = new ConnectionBench({ limits: { streamLimit: 2 } }).shake();

    for (const Seq of [1, 2, 3]) bench.send({ Command: "stream", Seq }, { Type: "*" });

    expect(bench.takeErrors()).toEqual(["", "", "Too many streams: stop one of 2"]);
  });

  it("tells the backlog first, then live lines, and no level below the one asked for", () => {
    const bench = new ConnectionBench().shake();
    bench.logRing = ["t [INFO] one", "t [WARN] two", "untagged", "t [ERROR] three"];

    bench.send({ Command: "monitor", Seq: 1 }, { LogLevel: "warn" });
    bench.connection.publishLog("t [ERR] four");
    bench.connection.publishLog("t [DEBUG] five");

    expect(bench.takeValues().flatMap(({ Log }) => Log ?? [])).toEqual([
      "t [WARN] two",
      "untagged",
      "t [ERROR] three",
      "t [ERR] four",
    ]);
  });

  it("has one monitor at a time", () => {
    const bench = new ConnectionBench().shake();

    bench.send({ Command: "monitor", Seq: 1 }, { LogLevel: "loud" });
    bench.send({ Command: "monitor", Seq: 2 }, { LogLevel: "Err" });
    bench.send({ Command: "monitor", Seq: 3 }, { LogLevel: "err" });
    bench.send({ Command: "stop", Seq: 4 }, { Stop: 2 });
    bench.send({ Command: "monitor", Seq: 5 }, { LogLevel: "TRACE" });

    expect(bench.takeErrors()).toEqual([
      "Unknown log level: LOUD",
      "",
      "Monitor already exists",
      "",
      "",
    ]);
  });

  it("drops log lines beyond 512 besides the backlog", () => {
    const bench = new ConnectionBench().shake();
    bench.logRing = Array.from({ length: 512 }, (_, index) => `old ${index}`);
    bench.send({ Command: "monitor", Seq: 1 }, { LogLevel: "info" });
    bench.takeDirectives();

    for (let index = 0; index < 513; index += 1) bench.connection.publishLog(`new ${index}`);

    expect(bench.takeActions()).toEqual([
      {
        kind: "log",
        level: "WARN",
        text: "agent.ipc: Dropping logs to ipc.client: 127.0.0.1:50000",
      },
    ]);
    expect(bench.takeValues().flatMap(({ Log }) => Log ?? [])).toHaveLength(1024);
  });

  it("encodes an event once for all streams that send it", () => {
    const members = [member("a")];
    const spy = vi.spyOn(members, "map");
    const published = new PublishedEvent({ kind: "member-join", members }, 0);
    for (let index = 0; index < 3; index += 1) {
      const bench = new ConnectionBench().shake();
      bench.send({ Command: "stream", Seq: 1 }, { Type: "*" });
      bench.connection.publishEvent(published);
      expect(bench.takeValues()).toHaveLength(3);
    }

    expect(spy).toHaveBeenCalledTimes(1);
  });
});

describe("RpcConnection queries (RPC specification §8)", () => {
  function startQuery(bench: ConnectionBench) {
    bench.send({ Command: "query", Seq: 9 }, { Name: "load", RequestAck: true });
    const action = bench.takeActions()[0];
    if (action?.kind !== "query") throw new Error("no query was handed over");
    bench.connection.reply(9n, "");
    bench.connection.openQuery(action.stream);
    return action.stream;
  }

  it("sends answers as they come, then done, and never a nameless record", () => {
    const bench = new ConnectionBench().shake();
    const stream = startQuery(bench);

    stream.offer({ kind: "ack", from: "foo" });
    stream.offer({ kind: "ack", from: "" });
    stream.offer({ kind: "response", from: "foo", payload: new TextEncoder().encode("resp1") });
    stream.end();

    const header = { Error: "", Seq: 9 };
    expect(bench.takeValues()).toEqual([
      header,
      header,
      { From: "foo", Payload: null, Type: "ack" },
      header,
      { From: "foo", Payload: new TextEncoder().encode("resp1"), Type: "response" },
      header,
      { From: "", Payload: null, Type: "done" },
    ]);
    expect(bench.connection.awaitsAnswers(stream)).toBe(false);
  });

  it("is not cancelled by stop", () => {
    const bench = new ConnectionBench().shake();
    const stream = startQuery(bench);

    bench.send({ Command: "stop", Seq: 10 }, { Stop: 9 });
    stream.end();

    expect(bench.takeValues().at(-1)).toEqual({ From: "", Payload: null, Type: "done" });
  });

  it("refuses a query beyond the limit until one ends", () => {
    const bench = new ConnectionBench({ limits: { queryLimit: 1 } }).shake();
    const stream = startQuery(bench);

    bench.send({ Command: "query", Seq: 11 }, { Name: "load" });
    expect(bench.takeErrors()).toEqual(["", "Too many queries: wait until one of 1 ends"]);
    stream.end();
    bench.takeValues();

    startQuery(bench);
    expect(bench.takeErrors()).toEqual([""]);
  });
});
