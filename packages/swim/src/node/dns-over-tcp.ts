/**
 * Asks one DNS server one question over TCP.
 *
 * TCP, because a service behind one name may have more addresses than fit a UDP answer: that is
 * how clusters find their seeds. The system's resolver gives no such choice.
 *
 * Source: behaviour specification §9, RFC 1035 §4.2.2.
 */
import { randomInt } from "node:crypto";
import { connect } from "node:net";
import type { Endpoint } from "../protocol-core.ts";
import { decodeAddresses, encodeAnyQuestion } from "./dns-message.ts";
import { dialTimeout, streamFailure } from "./stream-failure.ts";

export interface DnsQuery {
  readonly server: Endpoint;
  /** An absolute name; a final dot may be missing. */
  readonly hostName: string;
  /** For everything together: connecting, asking, reading. */
  readonly timeoutMs: number;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * @returns the A and AAAA answers of one ANY question, possibly none.
 * @throws {DnsMessageError} if the answer is malformed or says no; {Error} if the server cannot be
 *   reached, closes early or is too slow.
 */
export async function queryAddresses(query: DnsQuery): Promise<string[]> {
  query.signal?.throwIfAborted();
  const id = randomInt(0x1_0000);
  const answer = await exchange(query, encodeAnyQuestion(id, query.hostName));
  return decodeAddresses(answer, id);
}

function exchange(query: DnsQuery, question: Uint8Array): Promise<Uint8Array> {
  const { server, signal } = query;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port, noDelay: true });
    const received: Buffer[] = [];
    let receivedBytes = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.destroy();
      settle();
    };
    const abort = (): void => finish(() => reject(signal?.reason));
    const timer = setTimeout(
      () => finish(() => reject(new Error(dialTimeout(server).message))),
      query.timeoutMs,
    );
    signal?.addEventListener("abort", abort, { once: true });
    socket.on("connect", () => socket.write(withLength(question)));
    socket.on("error", (error) => {
      const phase = socket.connecting || receivedBytes === 0 ? "dial" : "read";
      finish(() =>
        reject(new Error(streamFailure(error, phase, server).message, { cause: error })),
      );
    });
    socket.on("end", () => finish(() => reject(new Error("DNS server closed without an answer"))));
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      receivedBytes += chunk.length;
      // The length has two bytes, so what is collected stays below 64 KiB and one chunk.
      const answer = completeAnswer(received, receivedBytes);
      if (answer !== undefined) finish(() => resolve(answer));
    });
  });
}

function withLength(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + message.length);
  new DataView(framed.buffer).setUint16(0, message.length);
  framed.set(message, 2);
  return framed;
}

function completeAnswer(received: readonly Buffer[], receivedBytes: number): Buffer | undefined {
  if (receivedBytes < 2) return undefined;
  const bytes = Buffer.concat(received);
  const length = bytes.readUInt16BE(0);
  return receivedBytes < 2 + length ? undefined : bytes.subarray(2, 2 + length);
}
