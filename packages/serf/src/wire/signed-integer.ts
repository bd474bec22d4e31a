/**
 * The few fields that are signed in the reference: a query's timeout, a relay's port, a status.
 */
import type { MsgpackWriter } from "@x/swim/wire";

const maxInt64 = 2n ** 63n - 1n;

/**
 * Writes a signed field: a number from 0 in the unsigned forms, a negative one in the signed.
 *
 * Deviation: released versions of the reference, whose recorded bytes our tests reproduce, write
 * it this way; its unreleased sources use another codec version and write numbers from 128 in the
 * signed forms. Every version reads both. Source: Serf specification §2.
 *
 * @throws {RangeError} if the value does not fit 64 bits.
 */
export function writeSignedInteger(writer: MsgpackWriter, value: number | bigint): void {
  if (value > maxInt64) throw new RangeError(`${value} does not fit a signed 64-bit field`);
  if (value < 0) writer.writeSigned(value);
  else if (typeof value === "bigint") writer.writeUnsigned64(value);
  else writer.writeUnsigned(value);
}
