import { expect, it } from "vitest";
import * as api from "@x/gossip-broadcast";

it("exports exactly what the README promises", () => {
  expect(Object.keys(api).toSorted()).toEqual([
    "DEFAULT_MAX_PAYLOAD_BYTES",
    "DEFAULT_QUEUE_LIMIT",
    "InvariantError",
    "TransmitLimitedQueue",
    "retransmitLimit",
  ]);
});
