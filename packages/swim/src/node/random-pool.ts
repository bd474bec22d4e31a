/**
 * Fresh random bytes in small portions.
 *
 * Every sealed packet needs a 12-byte nonce. Asking the system for each one costs more than
 * sealing a small packet, so bytes are fetched in bulk; each is handed out once and wiped.
 */
import { randomFillSync } from "node:crypto";

const POOL_BYTES = 8_192;
/** Larger requests go to the system directly. */
const PORTION_LIMIT_BYTES = 256;

const pool = new Uint8Array(POOL_BYTES);
let usedBytes = POOL_BYTES;

/** Fills with unpredictable bytes from the operating system's generator. */
export function fillRandom(bytes: Uint8Array): void {
  if (bytes.length > PORTION_LIMIT_BYTES) {
    randomFillSync(bytes);
    return;
  }
  if (usedBytes + bytes.length > POOL_BYTES) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  bytes.set(pool.subarray(usedBytes, usedBytes + bytes.length));
  pool.fill(0, usedBytes, usedBytes + bytes.length);
  usedBytes += bytes.length;
}
