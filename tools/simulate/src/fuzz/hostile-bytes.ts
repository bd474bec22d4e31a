/** Inputs nobody ever sent: recorded ones with something changed, and bytes of no meaning at all. */
import type { SeededRandom } from "@x/simulator";

/** Of a hundred inputs so many are bytes of no meaning. */
const NOISE_RATIO = 0.05;
const NOISE_BYTES = 600;
const CHANGE_LIMIT = 4;

/** Bytes where formats change their mind: lengths, signs, MessagePack's families, JSON's marks. */
const EDGES: readonly number[] = [
  0, 1, 8, 9, 12, 34, 44, 58, 91, 92, 93, 123, 125, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
  0xc4, 0xc6, 0xca, 0xcb, 0xcc, 0xcf, 0xd3, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xf4, 0xff,
];

/** Changes a recorded input, joins two, or makes one up. */
export function hostileBytes(seeds: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  if (seeds.length === 0 || random.chance(NOISE_RATIO)) {
    const bytes = new Uint8Array(random.below(NOISE_BYTES));
    random.fill(bytes);
    return bytes;
  }
  let bytes: Uint8Array = random.pick(seeds).slice();
  const changeCount = 1 + random.below(CHANGE_LIMIT);
  for (let change = 0; change < changeCount; change += 1) bytes = changed(bytes, seeds, random);
  return bytes;
}

function changed(
  bytes: Uint8Array,
  seeds: readonly Uint8Array[],
  random: SeededRandom,
): Uint8Array {
  const at = random.below(Math.max(1, bytes.length));
  switch (random.below(8)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return joinBytes(bytes.subarray(0, at), random.pick(seeds).subarray(at));
    case 2:
      return joinBytes(bytes.subarray(0, at), [random.pick(EDGES)], bytes.subarray(at));
    case 3:
      return joinBytes(bytes, random.pick(seeds));
    case 4:
      return repeated(bytes, at, random);
    case 5: {
      // A length or a count of four bytes, as large as can be or nearly.
      const length = [0xff, 0xff, 0xff, random.pick(EDGES)].slice(random.below(4));
      return joinBytes(bytes.subarray(0, at), length, bytes.subarray(at + length.length));
    }
    case 6:
      if (bytes.length > 0) bytes[at] = random.pick(EDGES);
      return bytes;
    default:
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
  }
}

/** A piece of it, again and again: depth, length, and claims about one member in great number. */
function repeated(bytes: Uint8Array, at: number, random: SeededRandom): Uint8Array {
  const piece = bytes.subarray(at, at + 1 + random.below(random.chance(0.5) ? 4 : 64));
  const count = 1 + random.below(random.chance(0.9) ? 8 : 200);
  const copies = Array.from({ length: count }, () => piece);
  return joinBytes(bytes.subarray(0, at), ...copies, bytes.subarray(at));
}

/** One piece of memory for several. */
export function joinBytes(...parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
