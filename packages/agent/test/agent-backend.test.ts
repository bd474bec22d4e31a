import { SerfError } from "@x/serf";
import { describe, expect, it } from "vitest";
import { AgentBackend, joinFailure } from "../src/agent-backend.ts";
import { EventFanout } from "../src/event-fanout.ts";
import { AgentLog } from "../src/log/agent-log.ts";
import { Metrics } from "../src/telemetry/metrics.ts";
import { FakeSerf } from "./support/fake-serf.ts";

function start() {
  const serf = new FakeSerf();
  const log = new AgentLog({
    level: "TRACE",
    format: "text",
    writeTerminal: () => {},
    now: () => new Date(0),
  });
  const files: Readonly<Record<string, string>>[] = [];
  let fileFailure: Error | undefined;
  const backend = new AgentBackend({
    serf,
    log,
    metrics: new Metrics(() => 0, "host"),
    events: new EventFanout(() => {}),
    handlers: () => [],
    persistTags: (tags) => {
      if (fileFailure !== undefined) throw fileFailure;
      files.push(tags);
    },
    leave: () => serf.leave(),
    shutdown: () => {},
  });
  return {
    backend,
    serf,
    files,
    failFile: (error: Error) => {
      fileFailure = error;
    },
    lines: () => log.ring.entries().map(({ line }) => line.slice(20)),
  };
}

const query = {
  payload: undefined,
  filterNodes: [],
  filterTags: {},
  ack: false,
  relayFactor: 0,
  timeoutMs: 0,
  endEarly: true,
};

describe("AgentBackend (agent specification §4)", () => {
  it("logs a join, and lists all failures in the reference's form", async () => {
    const { backend, serf, lines } = start();
    await backend.join(["a", "b"], { ignoreOldEvents: true });
    serf.failure = new SerfError("join-failed", "no seed answered", {
      failures: ["Failed to join 1: x", "Failed to join 2: y"],
    });

    await expect(backend.join(["1", "2"], { ignoreOldEvents: false })).rejects.toThrow(
      "2 errors occurred:\n\t* Failed to join 1: x\n\t* Failed to join 2: y\n\n",
    );

    expect(lines()).toEqual([
      "[INFO] agent: joining: [a b] replay: false",
      "[INFO] agent: joined: 2 nodes",
      "[INFO] agent: joining: [1 2] replay: true",
      "[WARN] agent: error joining: 2 errors occurred:\n\t* Failed to join 1: x\n\t* Failed to join 2: y\n\n",
    ]);
  });

  it("joins nobody without asking the cluster", async () => {
    const { backend, serf } = start();

    expect(await backend.join([], { ignoreOldEvents: true })).toBe(0);
    expect(serf.asked).toEqual([]);
  });

  it.each([
    ["leave-in-progress", "Leave already in progress"],
    ["not-alive", "Leave called after Shutdown"],
  ] as const)("tells a leave that is %s in the reference's words", async (code, text) => {
    const { backend, serf, lines } = start();
    serf.failure = new SerfError(code, "x");

    await expect(backend.leave()).rejects.toThrow(text);

    expect(lines()).toEqual(["[INFO] agent.ipc: Graceful leave triggered"]);
  });

  it("logs a force-leave and why it failed", async () => {
    const { backend, serf, lines } = start();
    await backend.forceLeave("bar", { prune: false });
    serf.failure = new SerfError("broadcast-timeout", "x");

    await expect(backend.forceLeave("bar", { prune: true })).rejects.toThrow(
      "timed out broadcasting node removal",
    );

    expect(lines()).toEqual([
      "[INFO] agent: Force leaving node: bar",
      "[INFO] agent: Force leaving node (prune): bar",
      "[WARN] agent: failed to remove node (prune): timed out broadcasting node removal",
    ]);
  });

  it("logs events and queries with their payload, quoted, and why they failed", () => {
    const { backend, serf, lines } = start();
    backend.userEvent("hello", new TextEncoder().encode('te"xt\n'), { coalesce: false });
    backend.query({ ...query, name: "big", payload: new TextEncoder().encode("payl") });
    serf.failure = new Error("too big");

    expect(() => backend.userEvent("x", new Uint8Array(), { coalesce: true })).toThrow("too big");
    expect(() => backend.query({ ...query, name: "y" })).toThrow("too big");

    expect(lines()).toEqual([
      '[DEBUG] agent: Requesting user event send: hello. Coalesced: false. Payload: "te\\"xt\\n"',
      '[DEBUG] agent: Requesting query send: big. Payload: "payl"',
      '[DEBUG] agent: Requesting user event send: x. Coalesced: true. Payload: ""',
      "[WARN] agent: failed to send user event: too big",
      '[DEBUG] agent: Requesting query send: y. Payload: ""',
      "[WARN] agent: failed to start user query: too big",
    ]);
  });

  it("keeps the names of internal queries for the cluster, except the ping without payload", () => {
    const { backend, serf } = start();

    expect(() => backend.query({ ...query, name: "_serf_x" })).toThrow(
      "Queries cannot contain the '_serf_' prefix",
    );
    expect(() =>
      backend.query({ ...query, name: "_serf_ping", payload: new Uint8Array() }),
    ).toThrow("cannot contain");
    backend.query({ ...query, name: "_serf_ping" });

    expect(serf.asked).toEqual([["query", "_serf_ping"]]);
  });

  it("says that an old cluster knows no queries", () => {
    const { backend, serf } = start();
    serf.failure = new SerfError("query-unsupported", "x");

    expect(() => backend.query({ ...query, name: "x" })).toThrow("Feature not supported");
  });

  it("names key operations in the log", async () => {
    const { backend, lines } = start();

    await backend.keys.install("k");
    await backend.keys.use("k");
    await backend.keys.remove("k");
    await backend.keys.list();

    expect(lines()).toEqual([
      "[INFO] agent: Initiating key installation",
      "[INFO] agent: Initiating primary key change",
      "[INFO] agent: Initiating key removal",
      "[INFO] agent: Initiating key listing",
    ]);
  });
});

describe("AgentBackend.updateTags (agent specification §8)", () => {
  it("deletes, then sets, and writes the file before it tells the cluster", async () => {
    const { backend, serf, files } = start();

    await backend.updateTags({ set: { b: "2", c: "3" }, deleted: ["a", "c"] });

    expect(files).toEqual([{ b: "2", c: "3" }]);
    expect(serf.asked).toEqual([["setTags", { b: "2", c: "3" }]]);
  });

  it("changes nothing when the file cannot be written, and logs it", async () => {
    const { backend, serf, failFile, lines } = start();
    failFile(new Error("Failed to write tags file: disk full"));

    await expect(backend.updateTags({ set: { b: "2" }, deleted: [] })).rejects.toThrow(
      "Failed to write tags file: disk full",
    );

    expect(serf.asked).toEqual([]);
    expect(lines()).toEqual(["[ERR] agent: Failed to write tags file: disk full"]);
  });

  it("puts the old tags back into the file when the cluster refuses the new ones", async () => {
    const { backend, serf, files } = start();
    serf.failure = new SerfError(
      "tags-too-large",
      "Encoded length of tags exceeds limit of 512 bytes",
    );

    await expect(backend.updateTags({ set: { b: "2" }, deleted: [] })).rejects.toThrow(
      "Encoded length of tags exceeds limit of 512 bytes",
    );

    expect(files).toEqual([{ a: "1", b: "2" }, { a: "1" }]);
  });

  it("keeps the new tags when only the telling takes too long", async () => {
    const { backend, serf, files } = start();
    serf.failure = new SerfError("broadcast-timeout", "x");

    await expect(backend.updateTags({ set: { b: "2" }, deleted: [] })).rejects.toThrow(
      "timeout waiting for update broadcast",
    );

    expect(files).toEqual([{ a: "1", b: "2" }]);
  });
});

describe("joinFailure", () => {
  it("counts one error in the singular, and names what is no network's fault", () => {
    const one = new SerfError("join-failed", "x", { failures: ["Failed to join 1: x"] });

    expect(joinFailure(one).message).toBe("1 error occurred:\n\t* Failed to join 1: x\n\n");
    expect(joinFailure(new SerfError("not-alive", "x")).message).toBe(
      "Serf can't Join after Leave or Shutdown",
    );
    expect(joinFailure(new Error("boom"))).toMatchObject({ code: "join-failed", message: "boom" });
  });
});
