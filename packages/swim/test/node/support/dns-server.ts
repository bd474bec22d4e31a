/** A DNS server on loopback that answers every question with what the test says. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Endpoint } from "../../../src/protocol-core.ts";

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly recursionDesired: boolean;
}

export interface DnsRecord {
  readonly type: number;
  readonly data: readonly number[];
}

export const A = (...data: number[]): DnsRecord => ({ type: 1, data });
export const AAAA = (...data: number[]): DnsRecord => ({ type: 28, data });
export const CNAME = (...data: number[]): DnsRecord => ({ type: 5, data });

/** What to send instead of a proper answer. */
export interface Answer {
  readonly records?: readonly DnsRecord[];
  readonly rcode?: number;
  /** Sent as they are, after the length. */
  readonly raw?: Uint8Array;
  readonly id?: number;
  readonly behaviour?: "silent" | "close";
  /** Send byte by byte. */
  readonly drip?: boolean;
}

export class FakeDnsServer implements AsyncDisposable {
  readonly questions: Question[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(answer: Answer): Promise<FakeDnsServer> {
    const server = createServer();
    const fake = new FakeDnsServer(server);
    server.on("connection", (socket) => fake.#serve(socket, answer));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return fake;
  }

  get endpoint(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return { address: "127.0.0.1", port: address.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket, answer: Answer): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (bytes: Buffer) => {
      const message = bytes.subarray(2);
      this.questions.push(readQuestion(message));
      if (answer.behaviour === "close") socket.end();
      if (answer.behaviour !== undefined) return;
      const reply = answer.raw ?? buildAnswer(message, answer);
      const framed = Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]);
      if (answer.drip !== true) socket.write(framed);
      else for (const byte of framed) socket.write(Uint8Array.of(byte));
    });
  }
}

function readQuestion(message: Buffer): Question {
  const labels: string[] = [];
  let offset = 12;
  for (let length = message[offset] ?? 0; length > 0; length = message[offset] ?? 0) {
    labels.push(message.toString("latin1", offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return {
    name: `${labels.join(".")}.`,
    type: message.readUInt16BE(offset + 1),
    recursionDesired: (message.readUInt16BE(2) & 0x0100) !== 0,
  };
}

function buildAnswer(question: Buffer, { records = [], rcode = 0, id }: Answer): Buffer {
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(id ?? question.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8180 | rcode, 2);
  header.writeUInt16BE(records.length, 6);
  const answers = records.map(({ type, data }) =>
    // The name is a pointer to the question's.
    Buffer.from([
      0xc0,
      12,
      type >> 8,
      type & 255,
      0,
      1,
      0,
      0,
      0,
      60,
      data.length >> 8,
      data.length & 255,
      ...data,
    ]),
  );
  return Buffer.concat([header, question.subarray(12), ...answers]);
}
