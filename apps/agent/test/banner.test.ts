import { defaultAgentConfig, type AgentConfig, type AgentNetwork } from "@x/agent";
import { describe, expect, it } from "vitest";
import { banner } from "../src/banner.ts";

const network: AgentNetwork = { bind: { address: "127.0.0.1", port: 21000 } };

function config(change: Partial<AgentConfig>): AgentConfig {
  return { ...defaultAgentConfig, nodeName: "foo", rpcAddress: "127.0.0.1:21073", ...change };
}

describe("banner (agent specification §3)", () => {
  it("is the recorded one", () => {
    expect(banner(config({}), network, 21073)).toBe(
      `==> Serf agent running!
                      Node name: 'foo'
                      Bind addr: '127.0.0.1:21000'
                       RPC addr: '127.0.0.1:21073'
                      Encrypted: false
                       Snapshot: false
                        Profile: lan
    Message Compression Enabled: true
`,
    );
  });

  it("puts every colon in one column, the 32nd", () => {
    const lines = banner(config({ discover: "clus" }), network, 1)
      .trimEnd()
      .split("\n")
      .slice(1);

    expect(lines.map((line) => line.indexOf(":"))).toEqual(lines.map(() => 31));
    expect(lines.at(-1)).toBe("                   mDNS cluster: clus");
  });

  it("shows the advertised address out of line, IPv6 in brackets, and the RPC address as given", () => {
    const text = banner(
      config({ rpcAddress: ":21073", snapshotPath: "/x", keyringFile: "/k", profile: "wan" }),
      { bind: { address: "::1", port: 0 }, advertise: { address: "10.1.2.3", port: 7946 } },
      21073,
    );

    expect(text.split("\n").slice(2, 7)).toEqual([
      "                      Bind addr: '[::1]:0'",
      "    Advertise addr: '10.1.2.3:7946'",
      "                       RPC addr: ':21073'",
      "                      Encrypted: true",
      "                       Snapshot: true",
    ]);
  });

  it("says that there is no RPC server", () => {
    expect(banner(config({ disableRpc: true }), network, undefined)).toContain(
      "                       RPC addr: off\n",
    );
  });
});
