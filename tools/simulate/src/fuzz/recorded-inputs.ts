/** What was recorded from the reference, or written as it writes: inputs to be changed. */
import { readdirSync, readFileSync } from "node:fs";
import { encode } from "dns-packet";
import { encodeName } from "@x/swim/wire";
import { answersTo } from "../../../../packages/agent/src/discovery/mdns.ts";
import type { DoorName } from "./door.ts";

const ROOT = new URL("../../../../", import.meta.url);
/** Longer ones make slow cases and no others. */
const SEED_BYTES_LIMIT = 10_000;
/** A user message on SWIM's wire: what Serf says travels inside. */
const USER_MESSAGE = 8;

/** Inputs a door takes without complaint, most of them. */
export function recordedInputs(door: DoorName): readonly Uint8Array[] {
  switch (door) {
    case "datagram":
    case "sealed-datagram":
      return datagrams();
    case "stream":
    case "sealed-stream":
      return recorded("bytes", [
        "packages/swim/test/vectors/swim-streams.json",
        "packages/serf/test/vectors/serf-streams.json",
      ]);
    case "rpc-request":
      return recorded("client", ["packages/agent/test/vectors/rpc.json"]);
    case "rpc-answer":
      return recorded("server", ["packages/agent/test/vectors/rpc.json"]);
    case "mdns":
      return mdnsPackets();
    case "snapshot": {
      const folder = new URL("packages/serf/test/vectors/snapshot/", ROOT);
      return readdirSync(folder)
        .filter((name) => name.endsWith(".snap"))
        .map((name) => Uint8Array.from(readFileSync(new URL(name, folder))));
    }
    case "tags-file":
      return ['{\n  "dc": "\\u003ceast\\u003e",\n  "role": "web"\n}', "{}", "null"].map(encodeName);
    case "keyring":
      return [
        '["T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=","HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8="]',
        '[\n  "T9jncgl9mbLus+baTTa7qw=="\n]',
      ].map(encodeName);
    case "config":
      return [
        '{"node_name":"web-1","bind":"10.0.0.1:7946","tags":{"role":"web"},"start_join":["10.0.0.2"],"event_handlers":["user:deploy=/bin/x"],"reconnect_interval":"30s","enable_compression":true}',
        '{"protocol":5,"encrypt_key":"T9jncgl9mbLus+baTTa7qw==","query_size_limit":1024,"retry_join":[],"log_level":"debug","mdns":{"disable_ipv6":true}}',
      ].map(encodeName);
  }
}

function datagrams(): readonly Uint8Array[] {
  const inside = recorded("bytes", [
    "packages/serf/test/vectors/serf-messages.json",
    "packages/serf/test/vectors/serf-decode.json",
  ]);
  return [
    ...recorded("bytes", [
      "packages/swim/test/vectors/swim-messages.json",
      "packages/swim/test/vectors/swim-decode.json",
      "packages/serf/test/vectors/serf-packets.json",
    ]),
    ...inside.map((bytes) => Uint8Array.of(USER_MESSAGE, ...bytes)),
  ];
}

function mdnsPackets(): readonly Uint8Array[] {
  const question = { name: "_serf_clus._tcp.local", type: "PTR" } as const;
  const browse = { name: "_services._dns-sd._udp.local", type: "PTR" } as const;
  const answers = answersTo(question, {
    cluster: "clus",
    memberName: "other",
    hostName: "other.local",
    advertised: { address: "fd00::1", port: 7_946 },
  });
  return [
    encode({ type: "query", questions: [question, browse, question] }),
    encode({ type: "response", answers }),
    encode({ type: "response", answers: [], additionals: answers }),
  ].map((packet) => Uint8Array.from(packet));
}

/** Every text of hexadecimal digits below the key in files of vectors. */
function recorded(key: string, paths: readonly string[]): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const path of paths) {
    collect(JSON.parse(readFileSync(new URL(path, ROOT), "utf8")), false, key, found);
  }
  return found;
}

function collect(value: unknown, isBytes: boolean, key: string, found: Uint8Array[]): void {
  if (typeof value === "string") {
    const isHex = value.length > 0 && /^(?:[0-9a-f]{2})+$/.test(value);
    if (!isBytes || !isHex || value.length > SEED_BYTES_LIMIT * 2) return;
    found.push(Uint8Array.from(Buffer.from(value, "hex")));
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, isBytes, key, found);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      collect(item, isBytes || name === key, key, found);
    }
  }
}
