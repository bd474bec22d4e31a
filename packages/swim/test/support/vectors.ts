/** Vectors recorded from the reference implementation, and the notations they use. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { encodeName } from "../../src/wire/utf8.ts";

/** Long data described instead of written out. */
export type Described =
  | string
  | null
  | { readonly hex: string }
  | { readonly repeat: string; readonly times: number }
  | { readonly xorshift32: number; readonly length: number; readonly mask?: number }
  | { readonly oddStrides: true; readonly length: number };

export interface Vector {
  readonly name: string;
  readonly op?: string;
  readonly kind?: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly bytes: unknown;
  readonly output?: unknown;
  readonly error?: string | null;
  readonly length?: number;
  readonly sha256?: string;
  readonly [extra: string]: unknown;
}

/** Reads `test/vectors/<name>.json`. */
export function readVectors(name: string): readonly Vector[] {
  const url = new URL(`../vectors/${name}.json`, import.meta.url);
  const vectors = JSON.parse(readFileSync(url, "utf8")) as readonly Vector[];
  if (vectors.length === 0) throw new Error(`there are no vectors in ${name}`);
  return vectors;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function unhex(text: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(text, "hex"));
  if (hex(bytes) !== text) throw new Error(`not hexadecimal: ${text}`);
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A byte string: hex, or a description. */
export function bytesOf(described: Described): Uint8Array {
  if (described === null) return new Uint8Array(0);
  if (typeof described === "string") return unhex(described);
  if ("hex" in described) return unhex(described.hex);
  if ("repeat" in described) return encodeName(described.repeat.repeat(described.times));
  if ("oddStrides" in described) return oddStrides(described.length);
  return xorshift32(described.xorshift32, described.length, described.mask ?? 255);
}

/** The bytes of a text: as it stands, or a description. */
export function textBytesOf(described: Described): Uint8Array {
  return typeof described === "string" ? encodeName(described) : bytesOf(described);
}

/** A generator every language can have: reproducible bytes without shipping them. */
export function xorshift32(seed: number, length: number, mask = 255): Uint8Array {
  let x = seed;
  return Uint8Array.from({ length }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x & mask;
  });
}

function oddStrides(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i % 256) * (2 * Math.floor(i / 256) + 1);
  return bytes;
}
