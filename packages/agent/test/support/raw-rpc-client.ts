import { connect } from "node:net";
import type { Socket } from "node:net";
import { Decoder, encode } from "@msgpack/msgpack";
import { until } from "./until.ts";

/** Text → value; integers of 64 bits are bigints. */
export type WireValue = Readonly<Record<string, unknown>>;

/** A header with the body that followed it, if one did. */
export interface WireRecord {
  readonly header: WireValue;
  readonly body?: WireValue;
}

/** Whether a value has the two keys of a response header and no other. */
export function isHeader(value: WireValue): boolean {
  return Object.keys(value).toSorted().join() === "Error,Seq";
}

export function toRecords(values: readonly WireValue[]): WireRecord[] {
  const records: WireRecord[] = [];
  for (const value of values) {
    const last = records.at(-1);
    if (isHeader(value) || last === undefined) records.push({ header: value });
    else records[records.length - 1] = { header: last.header, body: value };
  }
  return records;
}

/**
 * A client that sends any bytes and reads with a codec that is not ours, so that server and test
 * cannot share a mistake.
 */
export class RawRpcClient {
  readonly socket: Socket;
  readonly values: WireValue[] = [];
  receivedBytes = 0;
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (segment: Buffer) => {
      this.receivedBytes += segment.length;
    });
    socket.on("error", () => {
      this.isClosed = true;
    });
    socket.on("close", () => {
      this.isClosed = true;
    });
    void this.#read();
  }

  static async connect(port: number): Promise<RawRpcClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawRpcClient(socket);
  }

  /** Connects and shakes hands. */
  static async open(port: number): Promise<RawRpcClient> {
    const client = await RawRpcClient.connect(port);
    client.send({ Command: "handshake", Seq: 0 }, { Version: 1 });
    await client.receive(1);
    return client;
  }

  get records(): WireRecord[] {
    return toRecords(this.values);
  }

  send(...values: unknown[]): void {
    for (const value of values) this.socket.write(encode(value, { useBigInt64: true }));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Waits for so many values since the beginning. */
  async receive(valueCount: number): Promise<readonly WireValue[]> {
    await until(`${valueCount} values came`, () => this.values.length >= valueCount);
    return this.values;
  }

  async closed(): Promise<void> {
    await until("the server closed the connection", () => this.isClosed);
  }

  end(): void {
    this.socket.destroy();
  }

  async #read(): Promise<void> {
    const decoder = new Decoder<undefined>({ useBigInt64: true });
    try {
      for await (const value of decoder.decodeStream(plainBytes(this.socket))) {
        this.values.push(value as WireValue);
      }
    } catch {
      // The stream was destroyed, or ended within a value: `isClosed` and `values` tell.
    }
  }
}

/**
 * Without the Buffer class, which no expected value has; and by events, so that a test may pause
 * the socket.
 */
async function* plainBytes(socket: Socket): AsyncGenerator<Uint8Array> {
  const segments: Uint8Array[] = [];
  let isOver = false;
  let wake = (): void => {};
  socket.on("data", (segment: Buffer) => {
    segments.push(new Uint8Array(segment));
    wake();
  });
  socket.on("close", () => {
    isOver = true;
    wake();
  });
  for (;;) {
    const segment = segments.shift();
    if (segment !== undefined) yield segment;
    else if (isOver) return;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
