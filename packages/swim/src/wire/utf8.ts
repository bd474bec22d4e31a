/**
 * Text to bytes and back without loss, also for bytes that are not UTF-8.
 */

/** Encodes a name; lone surrogates U+DC80…U+DCFF become the bytes 80…ff they stand for. */
export function encodeName(text: string): Uint8Array {
  throw new Error(text);
}

/** Decodes any bytes; each byte that is not valid UTF-8 becomes U+DC00 + byte. */
export function decodeName(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  throw new Error(`${start} ${end}`);
}
