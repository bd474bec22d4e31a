import { decodeMulti, encode } from "@msgpack/msgpack";
import { AuthGate } from "../../src/rpc/server/auth-gate.ts";
import { defaultConnectionLimits } from "../../src/rpc/server/connection-limits.ts";
import type { ConnectionLimits } from "../../src/rpc/server/connection-limits.ts";
import { RpcConnection } from "../../src/rpc/server/rpc-connection.ts";
import type { ConnectionDirective } from "../../src/rpc/server/connection-directive.ts";
import type { WireValue } from "./raw-rpc-client.ts";

/** An `RpcConnection` with its time in the test's hand. */
export class ConnectionBench {
  readonly connection: RpcConnection;
  nowMs = 0;
  logRing: string[] = [];

  constructor(
    options: { readonly authKey?: string; readonly limits?: Partial<ConnectionLimits> } = {},
  ) {
    this.connection = new RpcConnection({
      client: "127.0.0.1:50000",
      auth: new AuthGate(options.authKey ?? ""),
      limits: { ...defaultConnectionLimits, ...options.limits },
      recentLogLines: () => this.logRing,
      nowMs: this.nowMs,
    });
  }

  /** Sends values of another codec, as one segment. */
  send(...values: unknown[]): void {
    this.sendBytes(Buffer.concat(values.map((value) => encode(value, { useBigInt64: true }))));
  }

  sendBytes(bytes: Uint8Array): void {
    this.connection.handleBytes(new Uint8Array(bytes), this.nowMs);
  }

  shake(): this {
    this.send({ Command: "handshake", Seq: 0 }, { Version: 1 });
    this.takeValues();
    this.takeDirectives();
    return this;
  }

  /** All that waits to be sent, decoded. */
  takeValues(): WireValue[] {
    const values: WireValue[] = [];
    for (;;) {
      const frame = this.connection.takeFrame(this.nowMs);
      if (frame === undefined) return values;
      for (const value of decodeMulti(frame)) values.push(value as WireValue);
    }
  }

  takeErrors(): unknown[] {
    return this.takeValues().map((value) => value["Error"]);
  }

  takeDirectives(): readonly ConnectionDirective[] {
    return this.connection.takeDirectives();
  }

  /** Without the metrics, which every command adds. */
  takeActions(): ConnectionDirective[] {
    return this.takeDirectives().filter(({ kind }) => kind !== "count-command");
  }

  passMs(durationMs: number): void {
    this.nowMs += durationMs;
    this.connection.handleTimeout(this.nowMs);
  }
}
