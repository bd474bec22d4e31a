import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { RpcSession } from "../../../src/rpc/client/rpc-session.ts";

/** A connection that takes everything and counts how often it is given something to write. */
class CountingSocket extends Socket {
  writeCount = 0;

  override _write(_bytes: unknown, _encoding: unknown, written: (error?: Error) => void): void {
    this.writeCount += 1;
    written();
  }

  override _writev(_pieces: unknown, written: (error?: Error) => void): void {
    this.writeCount += 1;
    written();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("RpcSession", () => {
  it("writes a call that is alone at once, and the others of a turn together", async () => {
    const socket = new CountingSocket();
    const session = new RpcSession(socket, { writeTimeoutMs: 1_000 });
    const calls = [session.call("stats", null, {})];
    const aloneCount = socket.writeCount;

    for (let more = 0; more < 50; more += 1) calls.push(session.call("stats", null, {}));
    const sameTurnCount = socket.writeCount;
    await turn();

    expect([aloneCount, sameTurnCount, socket.writeCount]).toEqual([1, 1, 2]);
    const settled = Promise.allSettled(calls);
    await session.close();
    expect(new Set((await settled).map(({ status }) => status))).toEqual(new Set(["rejected"]));
  });
});
