/** Whole members on real sockets of this machine's loopback. */
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { encodeBase64, SerfError, type SerfEvent, type SerfReport } from "@x/serf";
import {
  readKeyringFile,
  startSerf,
  writeKeyringFile,
  type QueryAnswer,
  type RunningQuery,
  type RunningSerf,
  type StartSerfOptions,
} from "@x/serf/node";
import type { SwimReport } from "@x/swim";
import type { Transport } from "@x/swim/node";
import { until } from "./support/until.ts";

const KEY = new Uint8Array(16).fill(1);
const running: RunningSerf[] = [];

/** Quick enough for a test, with every timer of the real thing. */
async function start(name: string, options: StartSerfOptions = {}): Promise<RunningSerf> {
  const serf = await startSerf({
    name,
    bind: "127.0.0.1:0",
    profile: "local",
    leavePropagateDelayMs: 100,
    // Ten seconds: queries end when all have answered, however slow the machine is just now.
    queryTimeoutMultiplier: 500,
    ...options,
    swim: { gossipIntervalMs: 20, probeIntervalMs: 200, probeTimeoutMs: 100, ...options.swim },
  });
  running.push(serf);
  return serf;
}

function addressOf(serf: RunningSerf): string {
  const { address, port } = serf.localMember.endpoint;
  return `${address}:${port}`;
}

async function cluster(count: number, options: StartSerfOptions = {}): Promise<RunningSerf[]> {
  const first = await start("n0", options);
  const others: RunningSerf[] = [];
  for (let index = 1; index < count; index += 1) {
    others.push(await start(`n${index}`, { ...options, join: [addressOf(first)] }));
  }
  const all = [first, ...others];
  await until(() => all.every((serf) => aliveCount(serf) === count));
  return all;
}

function aliveCount(serf: RunningSerf): number {
  return serf.members.filter(({ status }) => status === "alive").length;
}

async function answersOf(query: RunningQuery): Promise<QueryAnswer[]> {
  const answers: QueryAnswer[] = [];
  for await (const answer of query) answers.push(answer);
  return answers;
}

/** Collects what one member is told, and answers every query. */
function listen(serf: RunningSerf): SerfEvent[] {
  const events: SerfEvent[] = [];
  void (async () => {
    for await (const event of serf.events()) {
      if (event.kind === "overflow") continue;
      events.push(event);
      if (event.kind === "query") event.respond(new TextEncoder().encode(serf.localMember.name));
    }
  })();
  return events;
}

/** Hears nothing, brings nothing out, and cannot be closed. */
class UnclosableTransport implements Transport {
  readonly localEndpoint = { address: "127.0.0.1", port: 7_946 };
  start(): void {}
  sendDatagram(): void {}
  openStream(): void {}
  writeStream(): void {}
  closeStream(): void {}
  resetStream(): void {}
  async close(): Promise<void> {
    throw new Error("cannot close");
  }
}

async function inTemporaryFolder(test: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(joinPath(tmpdir(), "serf-loopback-"));
  try {
    await test(folder);
  } finally {
    await Promise.all(running.splice(0).map((serf) => serf.close()));
    await rm(folder, { recursive: true });
  }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((serf) => serf.close()));
});

describe("startSerf on loopback", () => {
  it("shares events, queries, tags and coordinates among three members", async () => {
    const [a, b, c] = (await cluster(3)) as [RunningSerf, RunningSerf, RunningSerf];
    const heard = [a, b, c].map(listen);

    a.userEvent("deploy", new Uint8Array([1, 2]));
    await until(() => heard.every((events) => events.some(({ kind }) => kind === "user")));
    const query = b.query("whoami", undefined, { ack: true });
    const answers = await answersOf(query);
    await c.setTags({ role: "web" });
    await until(() => a.members.some(({ tags }) => tags["role"] === "web"));
    await until(() => a.rtt("n1") !== undefined && a.rtt("n1", "n2") !== undefined);

    expect(query.expected.toSorted()).toEqual(["n0", "n1", "n2"]);
    expect(query.missing()).toEqual([]);
    expect(
      answers
        .filter(({ kind }) => kind === "ack")
        .map(({ from }) => from)
        .toSorted(),
    ).toEqual(["n0", "n1", "n2"]);
    const texts = answers.flatMap((answer) =>
      answer.kind === "response" ? [new TextDecoder().decode(answer.payload)] : [],
    );
    expect(texts.toSorted()).toEqual(["n0", "n1", "n2"]);
    expect(a.coordinate("n1")?.vector).toHaveLength(8);
    expect(a.rtt("n1")).toBeLessThan(1_000);
    expect(a.stats()["members"]).toBe("3");
  });

  it("rotates keys in memory and on disk", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = joinPath(folder, "keyring.json");
      await writeKeyringFile(path, [KEY]);
      const a = await start("a", { keyringPath: path });
      const b = await start("b", { encryptKey: encodeBase64(KEY), join: [addressOf(a)] });
      await until(() => aliveCount(a) === 2 && aliveCount(b) === 2);
      const next = encodeBase64(new Uint8Array(32).fill(9));

      const installed = await b.keys.install(next);
      const used = await b.keys.use(next);
      const removed = await b.keys.remove(encodeBase64(KEY));
      const listed = await a.keys.list();

      expect([installed, used, removed].map(({ error }) => error)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(listed.keys).toEqual(new Map([[next, 2]]));
      expect(await readKeyringFile(path)).toEqual([new Uint8Array(32).fill(9)]);
      expect(await readFile(path, "utf8")).toBe(`[\n  "${next}"\n]`);
      expect(a.isEncrypted).toBe(true);
      await expect(a.keys.use("%")).rejects.toMatchObject({ code: "invalid-base64" });
    });
  });

  it("leaves as left, and cannot join again", async () => {
    const [a, b] = (await cluster(2)) as [RunningSerf, RunningSerf];

    await b.leave();
    await until(() => a.members.some(({ status }) => status === "left"));

    expect(b.state).toBe("left");
    await expect(b.join([addressOf(a)])).rejects.toThrow("Serf can't Join after Leave or Shutdown");
    await b.leave();
    await b.close();
    await b.closed;
    expect(b.state).toBe("shutdown");
  });

  it("writes the last of its snapshot though its transport fails to close", async () => {
    await inTemporaryFolder(async (folder) => {
      const snapshotPath = joinPath(folder, "snapshot");
      const serf = await startSerf({
        name: "a",
        snapshotPath,
        transport: new UnclosableTransport(),
      });
      // Its Lamport time is written at the next occasion, which is the end.
      await serf.forceLeave("nobody");

      await expect(serf.close()).rejects.toThrow("cannot close");
      await serf.closed;

      expect(await readFile(snapshotPath, "utf8")).toMatch(/^clock: 1$/m);
    });
  });

  it("tells others of its leave only when its snapshot has it", async () => {
    await inTemporaryFolder(async (folder) => {
      const snapshotPath = joinPath(folder, "snapshot");
      const written: string[] = [];
      const onReport = (report: SerfReport | SwimReport): void => {
        if (report.kind !== "message-received" || report.messageKind !== "leave") return;
        written.push(readFileSync(snapshotPath, "utf8"));
      };
      const a = await start("a", { onReport });
      const b = await start("b", { snapshotPath, join: [addressOf(a)] });

      await b.leave();
      await until(() => written.length > 0);

      expect(written[0]).toMatch(/^leave$/m);
    });
  });

  it("forces a failed member out", async () => {
    const [a, , c] = (await cluster(3)) as [RunningSerf, RunningSerf, RunningSerf];
    await c.close();
    await until(() => a.members.some(({ status }) => status === "failed"), { withinMs: 40_000 });

    await a.forceLeave("n2", { prune: true });

    expect(a.members.map(({ name }) => name).toSorted()).toEqual(["n0", "n1"]);
  });

  it("finds its cluster again from a snapshot", async () => {
    await inTemporaryFolder(async (folder) => {
      const snapshotPath = joinPath(folder, "snapshot");
      const [a, b] = (await cluster(2)) as [RunningSerf, RunningSerf];
      const first = await start("late", { snapshotPath, join: [addressOf(a)] });
      await until(() => aliveCount(first) === 3 && aliveCount(b) === 3);
      const bind = addressOf(first);
      a.userEvent("old");
      const heardFirst = listen(first);
      await until(() => heardFirst.some(({ kind }) => kind === "user"));
      await first.close();

      const reports: SerfReport["kind"][] = [];
      const heard: SerfEvent[] = [];
      const second = await start("late", {
        snapshotPath,
        bind,
        onReport: ({ kind }) => reports.push(kind as SerfReport["kind"]),
        onEvent: (event) => heard.push(event),
      });
      await until(() => aliveCount(second) === 3, { withinMs: 40_000 });

      expect(reports).toContain("rejoined");
      expect(heard.filter(({ kind }) => kind === "user")).toEqual([]);
    });
  });

  it("says who did not answer a join", async () => {
    const lone = await start("lone", { swim: { streamTimeoutMs: 500 } });

    const error = await lone
      .join(["127.0.0.1:1", "/127.0.0.1:2"])
      .catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(SerfError);
    expect(error).toMatchObject({ code: "join-failed" });
    expect((error as SerfError).failures.toSorted()).toEqual([
      expect.stringContaining("Failed to join 127.0.0.1:1: "),
      expect.stringContaining("Failed to resolve /127.0.0.1:2: "),
    ]);
    expect(await lone.join([])).toBe(0);
  });

  it("is cancelled by a signal wherever it waits", async () => {
    const lone = await start("lone");
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);

    await expect(lone.join(["127.0.0.1:1"], { signal })).rejects.toBe(reason);
    await expect(lone.setTags({}, { signal })).rejects.toBe(reason);
    await expect(lone.keys.list({ signal })).rejects.toBe(reason);
    expect(() => lone.query("x", undefined, { signal })).toThrow(reason);
    const controller = new AbortController();
    const query = lone.query("x", undefined, { signal: controller.signal });
    const answers = answersOf(query);
    controller.abort(reason);
    await expect(answers).rejects.toBe(reason);
    await expect(startSerf({ name: "never", signal })).rejects.toBe(reason);
  });

  it("reports what a slow reader of events misses, and ends the iteration when closed", async () => {
    const lone = await start("lone");
    const reader = lone.events({ bufferLimit: 2 });
    for (let index = 0; index < 5; index += 1) lone.userEvent(`e${index}`);
    await lone.close();

    const kinds: string[] = [];
    for await (const event of reader) {
      kinds.push(event.kind === "overflow" ? `overflow ${event.droppedCount}` : event.kind);
    }

    expect(kinds).toEqual(["user", "user", "overflow 3"]);
  });

  it("refuses everything once closed, and closes twice without harm", async () => {
    const lone = await start("lone");
    await lone.close();
    await lone.close();

    expect(() => lone.userEvent("x")).toThrow(SerfError);
    expect(() => lone.query("x")).toThrow(SerfError);
    await expect(lone.leave()).rejects.toMatchObject({ code: "not-alive" });
  });

  it("gives its port back when the start fails, and when the block ends", async () => {
    await expect(start("a b", { validateNames: true })).rejects.toMatchObject({
      code: "invalid-name",
    });
    await expect(start("x", { join: ["127.0.0.1:1"] })).rejects.toMatchObject({
      code: "join-failed",
    });
    let bind = "";
    {
      await using serf = await startSerf({ name: "brief", bind: "127.0.0.1:0" });
      bind = addressOf(serf);
    }
    const next = await start("next", { bind });
    expect(addressOf(next)).toBe(bind);
  });

  it("refuses a key beside a keyring, and a key that is none", async () => {
    await expect(start("a", { encryptKey: "x", keyringPath: "y" })).rejects.toBeInstanceOf(
      TypeError,
    );
    await expect(start("a", { encryptKey: "!" })).rejects.toMatchObject({
      code: "invalid-base64",
    });
  });
});
