import { describe, it } from "vitest";
import { findsNothingAt } from "./campaign.ts";

describe("hostile bytes from neighbours, clients and disks", () => {
  it.each([
    "mdns",
    "rpc-request",
    "rpc-answer",
    "snapshot",
    "tags-file",
    "keyring",
    "config",
  ] as const)(
    "throw nothing out of the %s door, nor take 50 ms or 64 MiB",
    findsNothingAt,
    120_000,
  );
});
