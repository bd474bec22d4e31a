/**
 * Key rings converge: in the end every member holds the same keys and writes with the same one.
 *
 * Source: Serf specification §12.
 */
import type { Keyring } from "@x/swim";

/** @returns how members' rings differ from the first one's; nothing if they do not. */
export function keyRingDifferences(rings: ReadonlyMap<string, Keyring>): readonly string[] {
  const [first, ...others] = [...rings].map(([name, ring]) => ({ name, keys: keysOf(ring) }));
  return others.flatMap(({ name, keys }) =>
    keys === first?.keys ? [] : [`${name} holds ${keys}, ${first?.name} ${first?.keys}`],
  );
}

/** The primary first, the others in any order. */
function keysOf(ring: Keyring): string {
  const [primary = "none", ...others] = ring.keys.map((key) => `key ${key[0]}`);
  return [`${primary} (primary)`, ...others.toSorted()].join(", ");
}
