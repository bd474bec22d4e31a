/** A connection of Bun as a script: what was asked of it, and how much it takes of a write. */
import type { BunConnection } from "../../src/one-file/bun-tcp.ts";

export class ScriptedConnection implements BunConnection {
  readonly remoteAddress = "10.0.0.2";
  readonly remotePort = 40_000;
  readonly localAddress = "10.0.0.1";
  readonly localPort = 7373;
  /** In order, writes as text. */
  readonly asked: string[] = [];
  /** Bytes the kernel takes before it is full. */
  roomBytes = Infinity;

  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.roomBytes);
    this.roomBytes -= taken;
    this.asked.push(`write ${Buffer.from(bytes.subarray(0, taken)).toString()}`);
    return taken;
  }

  shutdown(): void {
    this.asked.push("shutdown");
  }

  close(): void {
    this.asked.push("close");
  }

  terminate(): void {
    this.asked.push("terminate");
  }

  pause(): void {
    this.asked.push("pause");
  }

  resume(): void {
    this.asked.push("resume");
  }

  setKeepAlive(isOn: boolean, delayMs: number): void {
    this.asked.push(`keep alive ${isOn} ${delayMs}`);
  }

  setNoDelay(): void {
    this.asked.push("no delay");
  }

  ref(): void {
    this.asked.push("ref");
  }

  unref(): void {
    this.asked.push("unref");
  }
}
