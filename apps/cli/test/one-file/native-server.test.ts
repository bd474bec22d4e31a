import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BunConnectionHandlers, BunListener } from "../../src/one-file/bun-tcp.ts";
import { NativeServer } from "../../src/one-file/native-server.ts";
import type { NativeSocket } from "../../src/one-file/native-socket.ts";
import { ScriptedConnection } from "./scripted-connection.ts";

/** Bun, whose ports open on these addresses alone. */
class ScriptedBun {
  readonly hosts: string[] = [];
  readonly #known: readonly string[];
  handlers: BunConnectionHandlers | undefined;
  isStopped = false;

  constructor(known: readonly string[]) {
    this.#known = known;
  }

  listen(options: { hostname: string; port: number; socket: BunConnectionHandlers }): BunListener {
    this.hosts.push(options.hostname);
    if (!this.#known.includes(options.hostname)) {
      throw Object.assign(new Error("no such address"), { code: "EADDRNOTAVAIL" });
    }
    this.handlers = options.socket;
    const stop = (): void => {
      this.isStopped = true;
    };
    return { hostname: options.hostname, port: options.port, stop };
  }
}

let bun: ScriptedBun;
function useBun(...known: readonly string[]): void {
  bun = new ScriptedBun(known);
  Object.assign(globalThis, { Bun: bun });
}
beforeEach(() => useBun("127.0.0.1", "0.0.0.0"));
afterEach(() => void Reflect.deleteProperty(globalThis, "Bun"));

function told(server: NativeServer): string[] {
  const events: string[] = [];
  server.on("listening", () => events.push("listening"));
  server.on("close", () => events.push("close"));
  server.on("error", (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`));
  return events;
}
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("NativeServer", () => {
  it("listens where it is told to, and says where that is", async () => {
    const server = new NativeServer({ allowHalfOpen: true });
    const events = told(server);
    const before = server.address();

    server.listen({ host: "127.0.0.1", port: 7373 });
    await tick();

    expect([before, events]).toEqual([null, ["listening"]]);
    expect(server.address()).toEqual({ address: "127.0.0.1", family: "IPv4", port: 7373 });
  });

  it("takes IPv4 alone without a host on a machine that has no IPv6", async () => {
    const server = new NativeServer({ allowHalfOpen: true });
    const events = told(server);

    server.listen({ port: 7373 });
    await tick();

    expect([bun.hosts, events]).toEqual([["::", "0.0.0.0"], ["listening"]]);
  });

  it("tells an address this machine does not have", async () => {
    const server = new NativeServer({ allowHalfOpen: true });
    const events = told(server);

    server.listen({ host: "192.0.2.1", port: 7373 });
    await tick();

    expect([events, server.address()]).toEqual([["error EADDRNOTAVAIL"], null]);
  });

  it("hands on connections with their bytes, and closes when the last is gone", async () => {
    const server = new NativeServer({ allowHalfOpen: true });
    const events = told(server);
    const texts: string[] = [];
    server.on("connection", (socket: NativeSocket) => {
      socket.on("data", (bytes: Buffer) => texts.push(`${socket.remotePort} ${bytes.toString()}`));
    });
    server.listen({ host: "127.0.0.1", port: 7373 });
    await tick();
    const connection = new ScriptedConnection();

    bun.handlers?.open(connection);
    bun.handlers?.data(connection, Buffer.from("hello"));
    server.close();
    await tick();
    const eventsBefore = [...events];
    bun.handlers?.close(connection);
    await tick();

    expect(texts).toEqual(["40000 hello"]);
    expect([eventsBefore, bun.isStopped]).toEqual([["listening"], true]);
    expect(events).toEqual(["listening", "close"]);
  });

  it("turns away what comes in the moment it is closed", async () => {
    const server = new NativeServer({ allowHalfOpen: true });
    const connection = new ScriptedConnection();
    let count = 0;
    server.on("connection", () => (count += 1));
    server.listen({ host: "127.0.0.1", port: 7373 });
    await tick();

    server.close();
    bun.handlers?.open(connection);

    expect([count, connection.asked]).toEqual([0, ["close"]]);
  });

  it("says that it does not listen if it is closed before", async () => {
    const faults: (string | undefined)[] = [];

    new NativeServer({ allowHalfOpen: true }).close((error) => faults.push(error?.message));
    await tick();

    expect(faults).toEqual(["Server is not running."]);
  });
});
