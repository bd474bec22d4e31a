import { afterEach, describe, expect, it } from "vitest";
import { MemoryTransport, type MemoryNetwork } from "../../examples/memory-transport.ts";
import { InvariantError } from "../../src/errors.ts";
import { NodeDriver, type DriverListener } from "../../src/node/node-driver.ts";
import { SocketTransport } from "../../src/node/socket-transport.ts";
import type { TransportReport } from "../../src/node/transport.ts";
import { HandTransport } from "./support/hand-transport.ts";
import { ToyCore } from "./support/toy-core.ts";
import { turns, until } from "./support/until.ts";

type Driver = NodeDriver<string, string>;

const DATAGRAM = { bytes: new Uint8Array(1), source: { address: "192.0.2.1", port: 1 } };

describe("NodeDriver", () => {
  const drivers: Driver[] = [];
  const network: MemoryNetwork = new Map();
  let nextPort = 1;
  const drive = (core: ToyCore, listener: DriverListener<string, string> = {}): Driver => {
    nextPort += 1;
    const transport = new MemoryTransport(network, { address: "192.0.2.1", port: nextPort });
    const driver = new NodeDriver(core, transport, listener);
    drivers.push(driver);
    return driver;
  };
  afterEach(async () => {
    await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  });

  it("performs directives in order, at the start and after every call", () => {
    const core = new ToyCore();
    const heard: string[] = [];
    core.emit("before");
    const driver = drive(core, {
      onEvent: (event) => heard.push(event),
      onReport: (report) => heard.push(`report ${report}`),
    });

    driver.call(() => {
      core.emit("one");
      core.want({ kind: "report", report: "two" });
      core.emit("three");
    });

    expect(heard).toEqual(["before", "one", "report two", "three"]);
  });

  it("returns what the call returns, and throws what it throws after performing", () => {
    const core = new ToyCore();
    const heard: string[] = [];
    const driver = drive(core, { onEvent: (event) => heard.push(event) });

    expect(driver.call(() => 42)).toBe(42);
    expect(() =>
      driver.call(() => {
        core.emit("told");
        throw new RangeError("caller's mistake");
      }),
    ).toThrow("caller's mistake");
    expect(heard).toEqual(["told"]);
  });

  it("lets a listener call back in; what it causes comes after what was already wanted", () => {
    const core = new ToyCore();
    const heard: string[] = [];
    const driver = drive(core, {
      onEvent: (event) => {
        heard.push(event);
        if (event === "first") driver.call(() => core.emit("caused"));
      },
    });

    driver.call(() => core.emit("first", "second"));

    expect(heard).toEqual(["first", "second", "caused"]);
  });

  it("lets a hook call back in while the core is busy, and performs only when it is done", () => {
    const core = new ToyCore();
    const heard: string[] = [];
    const driver = drive(core, { onEvent: (event) => heard.push(event) });

    driver.call(() => {
      core.emit("outer, begun");
      driver.call(() => core.emit("inner"));
      expect(heard).toEqual([]);
      core.emit("outer, done");
    });

    expect(heard).toEqual(["outer, begun", "inner", "outer, done"]);
  });

  it("performs the rest when a listener throws, and lets the defect be seen", async () => {
    const core = new ToyCore();
    const heard: string[] = [];
    const driver = drive(core, {
      onEvent: (event) => {
        if (event === "bad") throw new Error("listener broke");
        heard.push(event);
      },
    });
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const uncaught = new Promise((resolve) => {
      process.once("uncaughtException", resolve);
    });

    driver.call(() => core.emit("bad", "good"));
    const seen = await uncaught;
    for (const listener of before) process.on("uncaughtException", listener);

    expect(heard).toEqual(["good"]);
    expect(seen).toMatchObject({ message: "listener broke" });
  });

  it("calls at the deadline, not before, and measures how late", async () => {
    const core = new ToyCore();
    const driver = drive(core);
    let firedAtMs = 0;
    core.onInput = () => (firedAtMs = performance.now());

    const dueMs = driver.call((nowMs) => (core.deadlineMs = nowMs + 20));
    await until(() => core.timeoutCount === 1);

    expect(firedAtMs).toBeGreaterThanOrEqual(dueMs);
    expect(driver.loopDelay.sampleCount).toBeGreaterThanOrEqual(1);
    expect(driver.loopDelay.maxMs).toBeLessThan(10_000);
  });

  it("moves the timer when an earlier deadline appears", async () => {
    const core = new ToyCore();
    const driver = drive(core);

    driver.call((nowMs) => (core.deadlineMs = nowMs + 3_600_000));
    driver.call((nowMs) => (core.deadlineMs = nowMs + 5));

    await until(() => core.timeoutCount === 1, { withinMs: 10_000 });
    expect(core.deadlineMs).toBe(Infinity);
  });

  it("does not call for a deadline that moved away a little", async () => {
    const core = new ToyCore();
    const driver = drive(core);

    driver.call((nowMs) => (core.deadlineMs = nowMs + 1));
    const movedMs = driver.call((nowMs) => (core.deadlineMs = nowMs + 90));
    await until(() => core.timeoutCount === 1);

    expect(core.timesMs.every((timeMs) => timeMs >= movedMs)).toBe(true);
  });

  it("moves the timer with a deadline that moved far away, or went", async () => {
    const clock = new ToyCore();
    const moved = [3_600_000, Infinity].map((far) => {
      const core = new ToyCore();
      const driver = drive(core);
      driver.call((nowMs) => (core.deadlineMs = nowMs + 1));
      driver.call((nowMs) => (core.deadlineMs = nowMs + far));
      return driver;
    });

    // Its timer is due after theirs would have been.
    drive(clock).call((nowMs) => (clock.deadlineMs = nowMs + 5));
    await until(() => clock.timeoutCount === 1);

    expect(moved.map(({ loopDelay }) => loopDelay.sampleCount)).toEqual([0, 0]);
  });

  it("is not fooled by a deadline further away than a timer can count (24.8 days)", async () => {
    const core = new ToyCore();
    const driver = drive(core);

    driver.call((nowMs) => (core.deadlineMs = nowMs + 30 * 86_400_000));
    await turns(200);

    expect(core.timeoutCount).toBe(0);
    expect(driver.loopDelay.sampleCount).toBe(0);
  });

  it("lets datagrams in between when work is always due", async () => {
    const core = new ToyCore();
    const driver = drive(core);
    const sender = new MemoryTransport(network, { address: "192.0.2.9", port: 9 });
    let roundCount = 0;
    core.onInput = (kind) => {
      if (kind === "timeout" && core.datagrams.length === 0 && roundCount < 100_000) {
        roundCount += 1;
        core.deadlineMs = 0;
      }
    };

    driver.call(() => (core.deadlineMs = 0));
    sender.sendDatagram(driver.localEndpoint, Uint8Array.of(1));
    await until(() => core.datagrams.length === 1);

    expect(roundCount).toBeLessThan(100_000);
  });

  it("never lets time run backwards, whatever a transport says", () => {
    const core = new ToyCore();
    const transport = new HandTransport();
    const driver = new NodeDriver(core, transport);

    const laterMs = driver.call((nowMs) => nowMs);
    transport.handler?.handleDatagram(DATAGRAM, laterMs - 1_000);
    transport.handler?.handleDatagram(DATAGRAM, laterMs + 1);

    expect(core.timesMs).toEqual([laterMs, laterMs + 1]);
  });

  it("passes on what the transport has to say about itself", () => {
    const transport = new HandTransport();
    const reports: TransportReport[] = [];
    const report = { kind: "accept-failed", message: "no descriptor left", retryMs: 5 } as const;
    drivers.push(
      new NodeDriver(new ToyCore(), transport, {
        onTransportReport: (fact) => reports.push(fact),
      }),
    );

    transport.handler?.handleTransportReport(report);

    expect(reports).toEqual([report]);
  });

  it("closes twice, hears and performs nothing more, and refuses calls", async () => {
    const core = new ToyCore();
    const transport = new HandTransport();
    const driver = new NodeDriver(core, transport);
    driver.call((nowMs) => (core.deadlineMs = nowMs + 1));

    await driver.close();
    await driver.close();
    transport.handler?.handleDatagram(DATAGRAM, performance.now());
    await turns();

    expect(driver.isClosed).toBe(true);
    expect(transport.closeCount).toBeGreaterThan(0);
    expect(core.datagrams).toEqual([]);
    expect(core.timeoutCount).toBe(0);
    expect(() => driver.call(() => undefined)).toThrow(InvariantError);
  });

  it("stops in the middle of a batch when a listener closes it", () => {
    const core = new ToyCore();
    const heard: string[] = [];
    const driver = drive(core, {
      onEvent: (event) => {
        heard.push(event);
        void driver.close();
      },
    });

    driver.call(() => core.emit("last words", "too late"));

    expect(heard).toEqual(["last words"]);
  });
});

describe("NodeDriver on sockets", () => {
  it("learns its port before its core, and drives two cores that talk", async () => {
    const [leftCore, rightCore] = [new ToyCore(), new ToyCore()];
    await using left = new NodeDriver(leftCore, await bindLoopback());
    await using right = new NodeDriver(rightCore, await bindLoopback());
    const target = right.localEndpoint;

    left.call(() =>
      leftCore.want(
        { kind: "send-datagram", target, bytes: Uint8Array.of(1) },
        { kind: "open-stream", streamId: 1, target, timeoutMs: 10_000 },
        { kind: "write-stream", streamId: 1, bytes: Uint8Array.of(2) },
        { kind: "close-stream", streamId: 1 },
      ),
    );
    await until(() => rightCore.datagrams.length === 1);
    await until(() => rightCore.streamEvents.some(({ kind }) => kind === "ended"));

    expect(target.port).toBeGreaterThan(0);
    expect(rightCore.streamEvents.map(({ kind }) => kind)).toEqual(["accepted", "data", "ended"]);
    expect(rightCore.datagrams[0]?.source).toEqual(left.localEndpoint);
  });

  it("does nothing but wait between two deadlines: one timer, fired once", async () => {
    const core = new ToyCore();
    await using driver = new NodeDriver(core, await bindLoopback());
    const timersBefore = timerCount();

    driver.call((nowMs) => (core.deadlineMs = nowMs + 50));
    for (let call = 0; call < 100; call += 1)
      driver.call((nowMs) => (core.deadlineMs = nowMs + 50));
    const timersWaiting = timerCount() - timersBefore;
    await until(() => core.timeoutCount === 1);

    expect(timersWaiting).toBe(1);
    // Its first, earlier deadline and the last one: at most two timers for a hundred calls.
    expect(driver.loopDelay.sampleCount).toBeLessThanOrEqual(2);
  });

  it("reads what has arrived before it lets anything time out after a stall", async () => {
    const core = new ToyCore();
    const inputs: string[] = [];
    core.onInput = (kind) => inputs.push(kind);
    await using driver = new NodeDriver(core, await bindLoopback());

    driver.call((nowMs) => {
      core.deadlineMs = nowMs + 5;
      core.want({ kind: "send-datagram", target: driver.localEndpoint, bytes: Uint8Array.of(1) });
    });
    const stallUntilMs = performance.now() + 50;
    while (performance.now() < stallUntilMs);
    await until(() => inputs.length === 2);

    expect(inputs).toEqual(["datagram", "timeout"]);
  });
});

function bindLoopback(): Promise<SocketTransport> {
  return SocketTransport.bind({ bindAddress: "127.0.0.1", bindPort: 0 });
}

function timerCount(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
