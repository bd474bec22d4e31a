/**
 * What one connection has to say, and in which order: responses first, then the records of its
 * streams, one of each in turn.
 *
 * Records are encoded when they are taken, not before: a reader that stalls costs references.
 */
import { responseHeader } from "../command.ts";
import { encodeValue } from "../record-codec.ts";
import type { RecordSource } from "./record-source.ts";

interface Speaker {
  readonly source: RecordSource;
  /** The header of each of its records; they are all the same. */
  readonly header: Uint8Array;
}

export class ConnectionOutbox {
  #replies: Uint8Array[] = [];
  #replyBytes = 0;
  #speakers: Speaker[] = [];
  #turn = 0;

  /** Bytes of responses that were not taken yet. */
  get unsentBytes(): number {
    return this.#replyBytes;
  }

  get hasReplies(): boolean {
    return this.#replies.length > 0;
  }

  addReply(seq: bigint, error: string, body?: Uint8Array): void {
    const header = encodeValue(responseHeader, { Seq: seq, Error: error });
    const frame = body === undefined ? header : joinBytes(header, body);
    this.#replies.push(frame);
    this.#replyBytes += frame.length;
  }

  addSource(source: RecordSource): void {
    const header = encodeValue(responseHeader, { Seq: source.seq, Error: "" });
    this.#speakers.push({ source, header });
  }

  removeSource(source: RecordSource): void {
    this.#speakers = this.#speakers.filter((speaker) => speaker.source !== source);
  }

  removeAllSources(): void {
    this.#speakers = [];
  }

  /** The next header with its body, as one piece: they must not be separated. */
  takeFrame(nowMs: number): Uint8Array | undefined {
    const reply = this.#replies.shift();
    if (reply !== undefined) {
      this.#replyBytes -= reply.length;
      return reply;
    }
    for (let tries = this.#speakers.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % this.#speakers.length;
      const speaker = this.#speakers[this.#turn];
      const record = speaker?.source.takeRecord(nowMs);
      if (speaker === undefined || record === undefined) continue;
      if (speaker.source.hasEnded) this.removeSource(speaker.source);
      return joinBytes(speaker.header, record);
    }
    return undefined;
  }
}

function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
