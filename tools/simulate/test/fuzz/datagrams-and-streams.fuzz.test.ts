import { describe, it } from "vitest";
import { findsNothingAt } from "./campaign.ts";

describe("hostile bytes from the network", () => {
  it.each(["datagram", "sealed-datagram", "stream", "sealed-stream"] as const)(
    "throw nothing out of the %s door, nor take 50 ms or 64 MiB",
    findsNothingAt,
    120_000,
  );
});
