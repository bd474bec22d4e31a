import { Socket as NodeSocket } from "node:dgram";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BunUdpHandlers, BunUdpSocket } from "../../src/one-file/bun-udp.ts";
import { createSocket } from "../../src/one-file/dgram.ts";
import { enlargeDelayMs, NativeUdpSocket } from "../../src/one-file/native-udp-socket.ts";

/** Bun, with one address, and with room for so many packets. */
class ScriptedBun implements BunUdpSocket {
  readonly fd = 7;
  readonly hostname = "127.0.0.1";
  readonly port = 7946;
  readonly sent: string[] = [];
  room = Infinity;
  /** What the next attempts to send meet. */
  readonly faults: string[] = [];
  isClosed = false;
  handlers: BunUdpHandlers | undefined;

  async udpSocket(options: { hostname: string; socket: BunUdpHandlers }): Promise<BunUdpSocket> {
    if (options.hostname !== this.hostname) throw systemError("EADDRNOTAVAIL");
    this.handlers = options.socket;
    return this;
  }

  send(bytes: Uint8Array, port: number, address: string): boolean {
    const fault = this.faults.shift();
    if (fault !== undefined) throw systemError(fault);
    if (this.room === 0) return false;
    this.room -= 1;
    this.sent.push(`${Buffer.from(bytes).toString()} to ${address}:${port}`);
    return true;
  }

  close(): void {
    this.isClosed = true;
  }
}

const systemError = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: of the system`), { code });

let bun: ScriptedBun;
beforeEach(() => {
  bun = new ScriptedBun();
  Object.assign(globalThis, { Bun: bun });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Reflect.deleteProperty(globalThis, "Bun");
});

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function told(socket: NativeUdpSocket): string[] {
  const lines: string[] = [];
  for (const event of ["listening", "close"]) socket.on(event, () => lines.push(event));
  socket.on("error", ({ code }: NodeJS.ErrnoException) => lines.push(`error ${code}`));
  socket.on("message", (bytes: Buffer, remote: { address: string; port: number }) =>
    lines.push(`${bytes.toString()} from ${remote.address}:${remote.port}`),
  );
  return lines;
}

async function bound(): Promise<NativeUdpSocket> {
  const socket = new NativeUdpSocket().bind({ address: "127.0.0.1", port: 7946 });
  await tick();
  return socket;
}

const text = (word: string): Uint8Array => Buffer.from(word);

describe("NativeUdpSocket", () => {
  it("tells that it listens, where, and what comes in", async () => {
    const socket = new NativeUdpSocket();
    const lines = told(socket);

    socket.bind({ address: "127.0.0.1", port: 7946 });
    await tick();
    bun.handlers?.data(bun, Buffer.from("hello"), 40_000, "10.0.0.2");

    expect(socket.address()).toEqual({ address: "127.0.0.1", port: 7946 });
    expect(lines).toEqual(["listening", "hello from 10.0.0.2:40000"]);
  });

  it("tells an address this machine does not have, and is nowhere", async () => {
    const socket = new NativeUdpSocket();
    const lines = told(socket);

    socket.bind({ address: "192.0.2.1", port: 7946 });
    await tick();

    expect(lines).toEqual(["error EADDRNOTAVAIL"]);
    expect(() => socket.address()).toThrow("the socket is not bound");
  });

  it("keeps what the kernel has no room for, in order, until it has", async () => {
    const socket = await bound();
    const done: string[] = [];
    bun.room = 1;

    for (const word of ["one", "two", "three"]) {
      socket.send(text(word), 80, "10.0.0.2", (error) => done.push(`${word} ${error}`));
    }
    const waitingBytes = socket.getSendQueueSize();
    await tick();
    const doneBefore = [...done];
    bun.room = Infinity;
    bun.handlers?.drain(bun);
    await tick();

    expect([waitingBytes, doneBefore, socket.getSendQueueSize()]).toEqual([8, ["one null"], 0]);
    expect(bun.sent).toEqual(["one", "two", "three"].map((word) => `${word} to 10.0.0.2:80`));
    expect(done).toEqual(["one null", "two null", "three null"]);
  });

  it("tells what the system refuses in the words of Node, later, and goes on", async () => {
    const socket = await bound();
    const faults: unknown[] = [];
    bun.faults.push("EMSGSIZE", "EMSGSIZE");

    socket.send(text("large"), 80, "10.0.0.2", (error) => faults.push(error?.message));
    const faultsBefore = [...faults];
    await tick();
    socket.send(text("small"), 80, "10.0.0.2");

    expect([faultsBefore, faults]).toEqual([[], ["send EMSGSIZE 10.0.0.2:80"]]);
    expect(bun.sent).toEqual(["small to 10.0.0.2:80"]);
  });

  it("sends again what met the error of an earlier datagram", async () => {
    const socket = await bound();
    const faults: unknown[] = [];
    bun.faults.push("ECONNREFUSED");

    socket.send(text("hello"), 80, "10.0.0.2", (error) => faults.push(error));
    await tick();

    expect([bun.sent, faults]).toEqual([["hello to 10.0.0.2:80"], [null]]);
  });

  it("tells errors of the socket, and none of what an earlier datagram has met", async () => {
    const socket = await bound();
    const lines = told(socket);

    bun.handlers?.error(Object.assign(systemError("ECONNREFUSED"), { errqueue: true }));
    bun.handlers?.error(systemError("ENOMEM"));

    expect(lines).toEqual(["error ENOMEM"]);
  });

  it("closes once, and tells whose packets were not sent", async () => {
    const socket = await bound();
    const lines = told(socket);
    bun.room = 0;
    socket.send(text("late"), 80, "10.0.0.2", (error) => lines.push(`${error?.message}`));

    socket.close(() => lines.push("closed"));
    socket.close();
    await tick();

    expect([bun.isClosed, socket.getSendQueueSize()]).toEqual([true, 0]);
    expect(lines).toEqual(["the socket is closed", "close", "closed"]);
  });

  it("is closed as soon as it is open if it was closed meanwhile", async () => {
    const socket = new NativeUdpSocket();
    const lines = told(socket);

    socket.bind({ address: "127.0.0.1", port: 7946 });
    socket.close();
    await tick();

    expect([bun.isClosed, lines]).toEqual([true, ["close"]]);
  });

  it("asks for a larger buffer once whoever waits for the start has had the time", async () => {
    const socket = await bound();
    const asked: unknown[] = [];
    const dlopen = (): unknown => ({
      symbols: { setsockopt: (...words: unknown[]) => asked.push(words) },
    });
    vi.spyOn(process, "getBuiltinModule").mockReturnValue({ dlopen } as never);
    vi.useFakeTimers();

    socket.setRecvBufferSize(65_536);
    vi.advanceTimersByTime(enlargeDelayMs - 1);
    const askedBefore = [...asked];
    vi.advanceTimersByTime(1);

    expect([askedBefore, asked]).toEqual([[], [[7, 1, 8, new Int32Array([65_536]), 4]]]);
  });
});

describe("createSocket", () => {
  const lookup = (): void => {};

  it("leaves sockets that look names up, or ask for more, to Node", () => {
    const sockets = [
      createSocket("udp4"),
      createSocket({ type: "udp4" }),
      createSocket({ type: "udp4", lookup, reuseAddr: true }),
    ];
    for (const socket of sockets) socket.close();

    expect(sockets.map((socket) => socket instanceof NodeSocket)).toEqual([true, true, true]);
  });

  it.runIf(process.platform === "linux")("makes the others itself", () => {
    expect(createSocket({ type: "udp6", lookup })).toBeInstanceOf(NativeUdpSocket);
  });
});
