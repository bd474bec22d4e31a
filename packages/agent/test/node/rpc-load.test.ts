/**
 * 200 clients with an event stream each, half of which never read, while 10,000 events flow; and
 * one more client that asks all the while.
 *
 * The bound: a client that does not read costs its socket's buffer, 64 KiB of frames and one frame
 * more, and 512 references to events it shares with all others: 100 of them about 7 MiB. 16 MiB
 * over the server at rest is the stated bound for the whole.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { PendingQueries } from "../../src/rpc/server/pending-queries.ts";
import { PublishedEvent } from "../../src/rpc/server/event-stream.ts";
import { startRpcServer } from "../../src/rpc/server/rpc-server.ts";
import { RawRpcClient } from "../support/raw-rpc-client.ts";
import { ScriptedBackend, member, userEvent } from "../support/scripted-backend.ts";

const CLIENT_COUNT = 200;
const READER_COUNT = CLIENT_COUNT / 2;
const EVENT_COUNT = 10_000;
const MEMORY_BOUND_BYTES = 16 * 1024 * 1024;
/** Response headers without an error, for sequence numbers below 128. */
const HEADER_BYTES = 13;

/** Clients in a process of their own, so that their memory is not the server's. */
const clientProgram = new URL("../support/rpc-load-clients.mjs", import.meta.url);

interface ClientReport {
  readonly granted: number;
  readonly readBytes: number;
}

async function ask(child: ChildProcess, message: string): Promise<ClientReport> {
  const answer = new Promise<ClientReport>((resolve) => child.once("message", resolve));
  child.send(message);
  return answer;
}

/** Waits until the clients have come so far. */
async function clientsReach(
  child: ChildProcess,
  isReached: (report: ClientReport) => boolean,
): Promise<void> {
  const deadlineMs = performance.now() + 50_000;
  for (;;) {
    const report = await ask(child, "report");
    if (isReached(report)) return;
    if (performance.now() > deadlineMs) throw new Error(`stuck at ${JSON.stringify(report)}`);
    await setImmediate();
  }
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Heap and buffers that are in use; what the system keeps for sockets is not the server's. */
async function retainedBytes(): Promise<number> {
  // The memory of buffers is given back some time after they were collected.
  for (let round = 0; round < 3; round += 1) {
    collectGarbage();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it("keeps its memory bound and answers the others while half of its clients never read", async () => {
  const backend = new ScriptedBackend();
  backend.memberList = [member("a")];
  await using server = await startRpcServer({ host: "127.0.0.1", port: 0, backend });
  const child = fork(clientProgram, [String(server.address.port), String(CLIENT_COUNT)]);
  const asker = await RawRpcClient.open(server.address.port);
  const event = userEvent("load", { payload: new Uint8Array(512) });
  const body = new PublishedEvent(event, 0).encode(new PendingQueries(1), 0);
  try {
    await clientsReach(child, ({ granted }) => granted === CLIENT_COUNT);
    const restBytes = await retainedBytes();
    let peakBytes = 0;
    let peakResidentBytes = 0;
    let longestAnswerMs = 0;
    for (let sentCount = 0; sentCount < EVENT_COUNT;) {
      for (let index = 0; index < 100; index += 1) backend.emit(event);
      sentCount += 100;
      const askedAtMs = performance.now();
      asker.send({ Command: "members", Seq: 1 });
      await asker.receive(1 + 2 * (sentCount / 100));
      longestAnswerMs = Math.max(longestAnswerMs, performance.now() - askedAtMs);
      if (sentCount % 1000 === 0) {
        peakBytes = Math.max(peakBytes, (await retainedBytes()) - restBytes);
        peakResidentBytes = Math.max(peakResidentBytes, process.memoryUsage.rss());
      }
      // As fast as the readers read: what is lost then is lost to those that do not.
      const readerBytes = 2 * HEADER_BYTES + sentCount * (HEADER_BYTES + body.length);
      await clientsReach(child, ({ readBytes }) => readBytes === READER_COUNT * readerBytes);
    }
    await ask(child, "stop");
    const allBytes = 3 * HEADER_BYTES + EVENT_COUNT * (HEADER_BYTES + body.length);
    await clientsReach(child, ({ readBytes }) => readBytes === READER_COUNT * allBytes);

    console.info(
      `retains ${(peakBytes / 2 ** 20).toFixed(1)} MiB over rest, ` +
        `resident ${(peakResidentBytes / 2 ** 20).toFixed(0)} MiB, ` +
        `longest answer ${longestAnswerMs.toFixed(1)} ms, ` +
        `${server.counters.droppedRecordCount} records dropped`,
    );
    expect(peakBytes).toBeLessThan(MEMORY_BOUND_BYTES);
    expect(server.counters.droppedRecordCount).toBeGreaterThan(READER_COUNT);
    const warnings = backend.logged.filter((line) => line.includes("Dropping event"));
    expect(warnings).toHaveLength(READER_COUNT);
  } finally {
    asker.end();
    child.kill("SIGKILL");
  }
});
