/** How much does the simulator itself cost? (ten virtual seconds of a cluster that does next to nothing) */
import { bench, describe } from "vitest";
import { VirtualClock, Sha256, type TimedEvent } from "@x/simulator";
import { heartbeatCluster } from "../test/support/heartbeat-cluster.ts";

const TEN_SECONDS = { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0 };

// 5 datagrams a second from each member: more than an idle SWIM cluster sends.
describe("ten seconds of heartbeats, 5 a second from each member", () => {
  for (const memberCount of [100, 1_000]) {
    const plain = heartbeatCluster(memberCount, { fanOut: 5, timeline: { digest: false } });
    const hashed = heartbeatCluster(memberCount, { fanOut: 5 });
    const bad = heartbeatCluster(memberCount, {
      fanOut: 5,
      network: {
        latency: { kind: "log-normal", medianMs: 20, sigma: 0.5 },
        jitterMs: 5,
        lossRatio: 0.05,
        duplicateRatio: 0.05,
        bandwidthBytesPerSecond: 1_000_000,
      },
    });
    bench(`${memberCount} members, without digest`, () => plain.runFor(10_000), TEN_SECONDS);
    bench(`${memberCount} members`, () => hashed.runFor(10_000), TEN_SECONDS);
    bench(`${memberCount} members, a bad network`, () => bad.runFor(10_000), TEN_SECONDS);
  }
});

describe("parts", () => {
  const clock = new VirtualClock();
  const events: TimedEvent[] = Array.from({ length: 50_000 }, (_, index) => ({
    heapIndex: -1,
    fire: (nowMs: number): void =>
      clock.schedule(events[index] as TimedEvent, nowMs + 1 + (index % 97)),
  }));
  for (const event of events) clock.schedule(event, 1);
  bench("one event with 50,000 due", () => {
    clock.fireNext();
  });
  const hash = new Sha256();
  const bytes = new Uint8Array(65_536);
  bench("SHA-256 of 65,536 bytes", () => {
    hash.update(bytes);
  });
});
