import { expect, it } from "vitest";
import * as core from "@x/serf";
import * as node from "@x/serf/node";

it("exports exactly what the README promises, from the core", () => {
  expect(Object.keys(core).toSorted()).toEqual([
    "Base64Error",
    "Re2Error",
    "SERF_PROTOCOL_MAX",
    "SERF_PROTOCOL_MIN",
    "Serf",
    "SerfError",
    "USER_EVENT_BYTES_HARD_LIMIT",
    "compileRe2",
    "decodeBase64",
    "encodeBase64",
    "resolveSerfOptions",
    "serfReportLevel",
  ]);
});

it("exports exactly what the README promises, for Node.js", () => {
  expect(Object.keys(node).toSorted()).toEqual([
    "KeyringFileError",
    "SnapshotFile",
    "keyringFileText",
    "openSnapshot",
    "parseKeyringFile",
    "readKeyringFile",
    "startSerf",
    "writeKeyringFile",
  ]);
});
