/**
 * As much of the DNS message format as one question for addresses needs.
 *
 * Pure and bounded: a hostile answer can neither loop nor read outside its bytes.
 *
 * Source: RFC 1035 §4, RFC 3596 §2.
 */
import { addressText } from "../wire/index.ts";

/** Any record: the reference's way to get IPv4 and IPv6 with one question. */
const TYPE_ANY = 255;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const CLASS_INTERNET = 1;
const HEADER_BYTES = 12;
const FLAG_ANSWER = 0x8000;
const FLAG_RECURSION_DESIRED = 0x0100;
const RCODE_MASK = 0x000f;
const LABEL_LIMIT_BYTES = 63;
const NAME_LIMIT_BYTES = 255;
/** More addresses than this from one name serve nobody. */
const ADDRESS_LIMIT = 256;

const RCODE_WORDS: Readonly<Record<number, string>> = {
  1: "format error",
  2: "server failure",
  3: "no such host",
  4: "not implemented",
  5: "refused",
};

/** The answer is malformed, belongs to another question, or says no. */
export class DnsMessageError extends Error {
  override readonly name = "DnsMessageError";
}

/**
 * @param id - 0 to 65535, echoed by the answer.
 * @param name - a final dot may be missing.
 * @returns a recursive question for every record of the name.
 * @throws {DnsMessageError} if the name has an empty or overlong label.
 */
export function encodeAnyQuestion(id: number, name: string): Uint8Array {
  const nameBytes = encodeDnsName(name);
  const bytes = new Uint8Array(HEADER_BYTES + nameBytes.length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, FLAG_RECURSION_DESIRED);
  view.setUint16(4, 1);
  bytes.set(nameBytes, HEADER_BYTES);
  view.setUint16(HEADER_BYTES + nameBytes.length, TYPE_ANY);
  view.setUint16(HEADER_BYTES + nameBytes.length + 2, CLASS_INTERNET);
  return bytes;
}

/**
 * @returns every A and AAAA record of the answer section as text, in order; other records, CNAME
 *   among them, are skipped.
 * @throws {DnsMessageError} if the message is malformed, has another id, or is an error answer.
 */
export function decodeAddresses(bytes: Uint8Array, id: number): string[] {
  if (bytes.length < HEADER_BYTES) throw new DnsMessageError("answer is shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  if (view.getUint16(0) !== id || (flags & FLAG_ANSWER) === 0) {
    throw new DnsMessageError("answer belongs to another question");
  }
  const rcode = flags & RCODE_MASK;
  if (rcode !== 0) throw new DnsMessageError(RCODE_WORDS[rcode] ?? `response code ${rcode}`);
  const questionCount = view.getUint16(4);
  const answerCount = view.getUint16(6);
  let offset = HEADER_BYTES;
  for (let index = 0; index < questionCount; index += 1) offset = skipName(bytes, offset) + 4;
  const addresses: string[] = [];
  for (let index = 0; index < answerCount && addresses.length < ADDRESS_LIMIT; index += 1) {
    const record = readRecord(bytes, view, offset);
    offset = record.endOffset;
    if (record.address !== undefined) addresses.push(record.address);
  }
  return addresses;
}

function encodeDnsName(name: string): Uint8Array {
  const absolute = name.endsWith(".") ? name.slice(0, -1) : name;
  const bytes: number[] = [];
  for (const label of absolute.split(".")) {
    // Host names are ASCII; internationalised ones arrive in their xn-- form.
    if (!/^[\x21-\x7e]+$/.test(label) || label.length > LABEL_LIMIT_BYTES) {
      throw new DnsMessageError(`${JSON.stringify(name)} is not a host name`);
    }
    bytes.push(label.length, ...Array.from(label, (character) => character.charCodeAt(0)));
  }
  bytes.push(0);
  if (bytes.length > NAME_LIMIT_BYTES) {
    throw new DnsMessageError(`${JSON.stringify(name)} is longer than a host name may be`);
  }
  return Uint8Array.from(bytes);
}

/** Names are never needed, so a compression pointer is stepped over, not followed. */
function skipName(bytes: Uint8Array, start: number): number {
  let offset = start;
  for (;;) {
    const length = bytes[offset];
    if (length === undefined) throw new DnsMessageError("answer ends inside a name");
    if (length === 0) return offset + 1;
    if (length >= 0xc0) return offset + 2;
    if (length > LABEL_LIMIT_BYTES)
      throw new DnsMessageError("answer has an unknown kind of label");
    offset += 1 + length;
  }
}

function readRecord(
  bytes: Uint8Array,
  view: DataView,
  start: number,
): { endOffset: number; address?: string } {
  const offset = skipName(bytes, start);
  if (offset + 10 > bytes.length) throw new DnsMessageError("answer ends inside a record");
  const type = view.getUint16(offset);
  const recordClass = view.getUint16(offset + 2);
  const dataBytes = view.getUint16(offset + 8);
  const endOffset = offset + 10 + dataBytes;
  if (endOffset > bytes.length) throw new DnsMessageError("answer ends inside a record");
  const isAddress =
    recordClass === CLASS_INTERNET &&
    ((type === TYPE_A && dataBytes === 4) || (type === TYPE_AAAA && dataBytes === 16));
  if (!isAddress) return { endOffset };
  return { endOffset, address: addressText(bytes.subarray(offset + 10, endOffset)) };
}
