/**
 * What is wrong with a key text, for the list of everything that is wrong with a configuration.
 *
 * Source: agent specification §2 (text).
 */
import { Base64Error, decodeBase64 } from "@x/serf";

/**
 * @returns the reference's complaint, with the position of the first byte that does not fit;
 *   `undefined` when the text is fine.
 */
export function base64Fault(text: string): string | undefined {
  try {
    decodeBase64(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    return error.message;
  }
}
