/** Widening or narrowing what the package exports is a decision, so it is written down here. */
import { describe, expect, it } from "vitest";
import * as core from "@x/swim";
import * as node from "@x/swim/node";
import * as wire from "@x/swim/wire";

describe("@x/swim", () => {
  it("exports the core", () => {
    expect(Object.keys(core).sort()).toEqual([
      "InvariantError",
      "Keyring",
      "KeyringError",
      "MemberRecordPool",
      "ReportLimit",
      "Swim",
      "SwimError",
      "parseJoinAddress",
      "resolveSwimOptions",
      "swimReportLevel",
    ]);
  });

  it("exports the driver for Node", () => {
    expect(Object.keys(node).sort()).toEqual([
      "EventBuffer",
      "NodeDriver",
      "PendingCalls",
      "RunningSwim",
      "SocketTransport",
      "advertisedAddress",
      "defaultTcpStreamLimits",
      "endpointText",
      "fillRandom",
      "nodeAead",
      "parseBindAddress",
      "prepareAead",
      "resolveJoinAddress",
      "startSwim",
      "whereFound",
    ]);
  });

  it("exports the codecs", () => {
    expect(Object.keys(wire).sort()).toEqual([
      "MessageType",
      "MsgpackFields",
      "MsgpackReader",
      "MsgpackWriter",
      "StreamReader",
      "WireError",
      "WireState",
      "addressBytes",
      "addressText",
      "canonicalAddress",
      "compoundPartOverheadBytes",
      "decodeMessage",
      "decodeName",
      "defaultWireLimits",
      "encodeKey",
      "encodeMessage",
      "encodeName",
      "encodeStream",
      "errorReply",
      "isMemberAddress",
      "maxCompoundParts",
      "openPacket",
      "packetOverheadBytes",
      "sameAddress",
      "sealPacket",
    ]);
  });
});
