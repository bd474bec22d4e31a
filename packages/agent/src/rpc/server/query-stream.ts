/**
 * What the cluster says to one client's query: acks and responses, then `done` once.
 *
 * Nothing is dropped here: whoever reads the answers off the cluster waits while `isFull`.
 *
 * Source: RPC specification §8.
 */
import type { QueryAnswer } from "@x/serf/node";
import { queryRecord } from "../command.ts";
import { encodeValue } from "../record-codec.ts";
import type { RecordSource } from "./record-source.ts";
import { RecordQueue } from "./record-queue.ts";

export class QueryStream implements RecordSource {
  readonly seq: bigint;
  readonly #queue: RecordQueue<QueryAnswer>;
  #isOver = false;
  #hasToldDone = false;

  constructor(options: { readonly seq: bigint; readonly recordLimit: number }) {
    this.seq = options.seq;
    this.#queue = new RecordQueue(options.recordLimit);
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  get hasEnded(): boolean {
    return this.#hasToldDone;
  }

  /** A nameless answer is never sent: clients of the reference take it for the end. */
  offer(answer: QueryAnswer): void {
    if (answer.from !== "") this.#queue.offer(answer);
  }

  /** No answer comes any more. */
  end(): void {
    this.#isOver = true;
  }

  takeRecord(): Uint8Array | undefined {
    const answer = this.#queue.take();
    if (answer !== undefined) {
      return encodeValue(queryRecord, {
        Type: answer.kind,
        From: answer.from,
        Payload: answer.kind === "ack" ? null : answer.payload,
      });
    }
    if (!this.#isOver || this.#hasToldDone) return undefined;
    this.#hasToldDone = true;
    return encodeValue(queryRecord, { Type: "done", From: "", Payload: null });
  }
}
