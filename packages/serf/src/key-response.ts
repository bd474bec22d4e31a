/**
 * The answer to "which keys have you?", cut to what one datagram holds.
 *
 * Source: Serf specification §11.3.
 */
import { encodeBase64 } from "./base64.ts";
import type { LamportTime } from "./serf-event.ts";
import { encodeSerfMessage } from "./wire/message-codec.ts";

/** What a key-list answer is made of. */
export interface KeyListAnswer {
  readonly lamportTime: LamportTime;
  readonly id: number;
  /** Name of the answering member. */
  readonly from: string;
  /** Raw keys, primary first; empty when there is none. */
  readonly keys: readonly Uint8Array[];
  /** The reference's QueryResponseSizeLimit, in bytes, for the whole encoded answer. */
  readonly bytesLimit: number;
}

/** Bytes a key takes at the least, by which a first guess is made. Source: Serf specification §17. */
const keyListDivisor = 25;

/**
 * The whole query response that lists the keys, or as many of the first as fit.
 *
 * A list that is cut says so in its message. The very first try is made with all keys, however
 * many, because only a cut list needs a message.
 *
 * @returns `undefined` if not even a response without keys fits: then there is no answer.
 */
export function encodeKeyListAnswer(answer: KeyListAnswer): Uint8Array | undefined {
  const keys = answer.keys.map(encodeBase64);
  const mostKeys = Math.min(Math.floor(answer.bytesLimit / keyListDivisor), keys.length);
  let encoded = encodeListed(answer, keys, "");
  for (let count = mostKeys; encoded.length > answer.bytesLimit; count--) {
    if (count < 0) return undefined;
    const message = `truncated key list response, showing first ${count} of ${keys.length} keys`;
    encoded = encodeListed(answer, keys.slice(0, count), message);
  }
  return encoded;
}

function encodeListed(answer: KeyListAnswer, keys: readonly string[], message: string): Uint8Array {
  const [primary] = answer.keys;
  const { lamportTime, id, from } = answer;
  const payload = encodeSerfMessage({
    kind: "key-response",
    result: true,
    message,
    keys,
    primaryKey: primary === undefined ? "" : encodeBase64(primary),
  });
  return encodeSerfMessage({ kind: "query-response", lamportTime, id, from, flags: 0, payload });
}
