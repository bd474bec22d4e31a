/** Words of a command line and payloads of the cluster: text here, bytes there. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes that are no UTF-8 become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
