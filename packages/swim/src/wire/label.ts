/**
 * The label: a name in clear in front of every datagram and every dialled connection, by which
 * members of one cluster ignore those of another that can reach them by mistake. It authenticates
 * nothing by itself; with a key it is bound into the encryption.
 *
 * Source: wire specification §3.
 */
import { WireError } from "./errors.ts";
import { MessageType } from "./message.ts";

/** Bytes a label may have. Source: wire specification §3. */
export const maxLabelBytes = 255;

/** Bytes `label` costs in front of a packet. */
export function labelHeaderBytes(label: Uint8Array): number {
  return label.length === 0 ? 0 : 2 + label.length;
}

/**
 * Writes the header of `label` to the start of `target`; nothing for an empty one.
 *
 * @throws {RangeError} if the label has more than 255 bytes.
 */
export function writeLabelHeader(label: Uint8Array, target: Uint8Array): void {
  if (label.length > maxLabelBytes) {
    throw new RangeError(`a label has at most ${maxLabelBytes} bytes, not ${label.length}`);
  }
  if (label.length === 0) return;
  target[0] = MessageType.labelHeader;
  target[1] = label.length;
  target.set(label, 2);
}

/**
 * Reads the header at the start of `bytes`.
 *
 * @returns the label, empty when there is no header. A view.
 * @throws {WireError} `truncated`, or `label-invalid` for a header without a label.
 */
export function readLabel(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== MessageType.labelHeader) return bytes.subarray(0, 0);
  const length = bytes[1];
  if (length === 0) throw new WireError("label-invalid", "a label header holds no label");
  if (length === undefined || bytes.length < 2 + length) {
    throw new WireError("truncated", "the bytes end inside the label");
  }
  return bytes.subarray(2, 2 + length);
}

/**
 * Checks a received label against the configured one.
 *
 * @param isCheckedElsewhere - something in front of us strips labels: one that arrives is wrong, none is right.
 * @throws {WireError} `label-mismatch`.
 */
export function checkLabel(
  received: Uint8Array,
  configured: Uint8Array,
  { isCheckedElsewhere }: { readonly isCheckedElsewhere: boolean },
): void {
  const expected = isCheckedElsewhere ? configured.subarray(0, 0) : configured;
  if (received.length !== expected.length || received.some((byte, i) => byte !== expected[i])) {
    throw new WireError("label-mismatch", "the label is not that of this cluster");
  }
}
