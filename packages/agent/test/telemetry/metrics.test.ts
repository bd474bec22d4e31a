import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import {
  metricIntervalLimit,
  metricIntervalMs,
  metricNameLimit,
  Metrics,
  metricName,
} from "../../src/telemetry/metrics.ts";
import {
  formatMetric,
  openStatsd,
  openStatsite,
  statsdPacketBytes,
  statsitePendingLimit,
} from "../../src/telemetry/statsd.ts";
import { until } from "../support/until.ts";

describe("Metrics (agent specification §12)", () => {
  it("dumps counters, samples and gauges of each interval", () => {
    const nowMs = Date.UTC(2026, 10, 23, 21, 22, 51);
    const metrics = new Metrics(() => nowMs, "host");

    metrics.count(["serf", "member", "join"]);
    metrics.sample(["agent", "invoke", "a b:c"], 2);
    metrics.sample(["agent", "invoke", "a b:c"], 4);
    metrics.gauge(["runtime", "alloc_bytes"], 5);

    expect(metrics.dump()).toBe(
      "[2026-11-23 21:22:50 +0000 UTC][G] 'serf-agent.runtime.alloc_bytes': 5.000\n" +
        "[2026-11-23 21:22:50 +0000 UTC][C] 'serf-agent.serf.member.join': Count: 1 Sum: 1.000 LastUpdated: 2026-11-23 21:22:51 +0000 UTC\n" +
        "[2026-11-23 21:22:50 +0000 UTC][S] 'serf-agent.agent.invoke.a_b_c': Count: 2 Min: 2.000 Mean: 3.000 Max: 4.000 Stddev: 1.414 Sum: 6.000 LastUpdated: 2026-11-23 21:22:51 +0000 UTC\n",
    );
  });

  it("keeps one minute and forgets what is older", () => {
    let nowMs = 0;
    const metrics = new Metrics(() => nowMs, "host");

    for (let index = 0; index < metricIntervalLimit + 3; index += 1) {
      nowMs = index * metricIntervalMs;
      metrics.count(["x"]);
    }

    expect(metrics.dump().trimEnd().split("\n")).toHaveLength(metricIntervalLimit);
  });

  it.each([
    ["counter", "a:1.000000|c\n"],
    ["sample", "a:1.000000|ms\n"],
    ["gauge", "a:1.000000|g\n"],
  ] as const)("writes a %s for statsd", (kind, line) => {
    expect(formatMetric(kind, "a", 1)).toBe(line);
  });

  it("reaches a statsd daemon by UDP", async () => {
    const socket = createSocket("udp4");
    let received = "";
    socket.on("message", (bytes) => (received += bytes.toString()));
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const metrics = new Metrics(() => 0, "h");
    metrics.addSink(openStatsd(`127.0.0.1:${socket.address().port}`));

    metrics.count(["agent", "ipc", "accept"]);
    metrics.gauge(["g"], 2);

    await until("both lines", () => received.includes("|g"));
    metrics.close();
    socket.close();
    expect(received).toBe("serf-agent.agent.ipc.accept:1.000000|c\nserf-agent.h.g:2.000000|g\n");
  });

  it("reaches a statsite daemon by TCP", async () => {
    let received = "";
    const server = createServer((socket) => socket.on("data", (bytes) => (received += bytes)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const metrics = new Metrics(() => 0, "h");
    metrics.addSink(openStatsite(`127.0.0.1:${(server.address() as AddressInfo).port}`));

    metrics.count(["x"]);

    await until("the line", () => received === "serf-agent.x:1.000000|c\n");
    metrics.close();
    server.close();
    expect(received).toBe("serf-agent.x:1.000000|c\n");
  });

  it("packs lines into packets of at most 1400 bytes", async () => {
    const socket = createSocket("udp4");
    const packets: Buffer[] = [];
    socket.on("message", (bytes) => packets.push(bytes));
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const sink = openStatsd(`127.0.0.1:${socket.address().port}`);

    for (let count = 0; count < 200; count += 1) sink.write("counter", "x".repeat(35), 1);

    await until("all lines", () => Buffer.concat(packets).length === 200 * 47);
    sink.close();
    socket.close();
    expect(packets).toHaveLength(7);
    for (const packet of packets) expect(packet.length).toBeLessThanOrEqual(statsdPacketBytes);
  });

  it("drops lines a statsite daemon does not take, beyond its limit", async () => {
    let receivedBytes = 0;
    let hasEnded = false;
    const server = createServer((socket) => {
      socket.on("data", (bytes) => (receivedBytes += bytes.length));
      socket.on("end", () => (hasEnded = true));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const sink = openStatsite(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    const name = "x".repeat(64 * 1024);

    // All at once: nothing is sent before the loop is over.
    for (let count = 0; count < 256; count += 1) sink.write("counter", name, 1);
    sink.close();
    await until("the end", () => hasEnded);
    server.close();

    expect(receivedBytes).toBeGreaterThan(statsitePendingLimit / 2);
    expect(receivedBytes).toBeLessThanOrEqual(statsitePendingLimit);
  });

  it("keeps figures of no more names than its limit", () => {
    const metrics = new Metrics(() => 0, "h");

    for (let index = 0; index < metricNameLimit + 5; index += 1) {
      metrics.count([`c${index}`]);
      metrics.sample([`s${index}`], 1);
      metrics.gauge([`g${index}`], 1);
    }
    metrics.count(["c0"]);

    const lines = metrics.dump().trimEnd().split("\n");
    expect(lines).toHaveLength(3 * metricNameLimit);
    expect(lines.filter((line) => line.includes("'serf-agent.c0': Count: 2"))).toHaveLength(1);
  });

  it.each(["localhost", "127.0.0.1:", "127.0.0.1:foo", "127.0.0.1:99999", "127.0.0.1:0"])(
    "refuses %s, to which nothing can be sent",
    (address) => {
      expect(() => openStatsd(address)).toThrow();
      expect(() => openStatsite(address)).toThrow();
    },
  );

  it("keeps separators of the wire out of names", () => {
    expect(metricName(["agent", "invoke", "a:b|c\nd e"])).toBe("agent.invoke.a_b_c_d_e");
  });
});
