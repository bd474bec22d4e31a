import { describe, expect, it } from "vitest";
import { fillRandom } from "../../src/node/random-pool.ts";

describe("fillRandom", () => {
  it("hands out every byte once: no nonce comes twice", () => {
    const seen = new Set<string>();
    for (let count = 0; count < 5_000; count += 1) {
      const nonce = new Uint8Array(12);
      fillRandom(nonce);
      seen.add(Buffer.from(nonce).toString("hex"));
    }

    expect(seen.size).toBe(5_000);
  });

  it.each([0, 1, 255, 256, 257, 100_000])("fills %i bytes and nothing beside them", (length) => {
    const memory = new Uint8Array(length + 2);
    fillRandom(memory.subarray(1, length + 1));

    expect([memory[0], memory[length + 1]]).toEqual([0, 0]);
    // All values appear in enough random bytes.
    expect(new Set(memory).size).toBeGreaterThanOrEqual(length >= 100_000 ? 256 : 1);
  });
});
