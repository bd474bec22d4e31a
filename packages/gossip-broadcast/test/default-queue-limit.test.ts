import { describe, expect, it } from "vitest";
import { TransmitLimitedQueue } from "../src/index.ts";
import { payloadOf } from "./support/rumours.ts";

describe("TransmitLimitedQueue", () => {
  it("holds 131,072 rumours and no more unless told otherwise", () => {
    const queue = new TransmitLimitedQueue({ retransmitMultiplier: 1, memberCount: () => 1 });
    const payload = payloadOf(8);
    let pruned = 0;
    const finished = (): void => {
      pruned += 1;
    };

    for (let index = 0; index < 131_075; index += 1) queue.enqueue({ payload, finished });

    expect(queue.size).toBe(131_072);
    expect(pruned).toBe(3);
  });
});
