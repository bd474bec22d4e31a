/** `pnpm sim fuzz`: more hostile input than `npm test` has time for. */
import { readdirSync, readFileSync } from "node:fs";
import { stderr, stdout } from "node:process";
import { readArguments } from "./arguments.ts";
import { everyDoor, fuzzDoor, type DoorName } from "./fuzz.ts";

const DEFAULT_CASES = 1_000_000;
const ROOT = new URL("../../../", import.meta.url);

/** @returns the exit code: 1 if something was found. */
export function fuzzCommand(args: readonly string[]): number {
  const { numbers } = readArguments(args, { numbers: ["cases", "seed"], switches: [] });
  const doors = everyDoor();
  const caseCount = Math.ceil((numbers["cases"] ?? DEFAULT_CASES) / doors.length);
  const seed = numbers["seed"] ?? 1;
  let findingCount = 0;
  for (const door of doors) {
    const seeds = seedsOf(door.name);
    const startMs = performance.now();
    const findings = fuzzDoor(door, seeds, { caseCount, seed });
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    stdout.write(
      `${door.name}: ${caseCount} cases from ${seeds.length} recorded inputs, ${findings.length} findings, ${seconds} s\n`,
    );
    findingCount += findings.length;
    for (const { hex, what } of findings) stderr.write(`  ${what}\n  input: ${hex}\n`);
  }
  return findingCount === 0 ? 0 : 1;
}

/** What was recorded from the reference, to be changed. */
export function seedsOf(door: DoorName): readonly Uint8Array[] {
  switch (door) {
    case "datagram":
      return recorded(
        "packages/swim/test/vectors/swim-messages.json",
        "packages/serf/test/vectors/serf-packets.json",
      ).concat(
        // What Serf says travels inside a user message, type 8.
        recorded("packages/serf/test/vectors/serf-messages.json").map((bytes) =>
          Uint8Array.of(8, ...bytes),
        ),
      );
    case "stream":
      return recorded(
        "packages/swim/test/vectors/swim-streams.json",
        "packages/serf/test/vectors/serf-streams.json",
      );
    case "rpc":
      return recorded("packages/agent/test/vectors/rpc.json");
    case "snapshot": {
      const folder = new URL("packages/serf/test/vectors/snapshot/", ROOT);
      return readdirSync(folder)
        .filter((name) => name.endsWith(".snap"))
        .map((name) => Uint8Array.from(readFileSync(new URL(name, folder))));
    }
    case "keyring":
      return [
        encoded(
          '["T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=","HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8="]',
        ),
      ];
    case "config":
      return [
        encoded(
          '{"node_name":"web-1","bind":"10.0.0.1:7946","tags":{"role":"web"},"start_join":["10.0.0.2"],"event_handlers":["user:deploy=/bin/x"],"reconnect_interval":"30s","enable_compression":true}',
        ),
        encoded(
          '{"protocol":5,"encrypt_key":"T9jncgl9mbLus+baTTa7qw==","query_size_limit":1024,"retry_join":[],"log_level":"debug","mdns":{"disable_ipv6":true}}',
        ),
      ];
  }
}

/** Every text of hexadecimal digits under `bytes` in files of vectors. */
function recorded(...paths: readonly string[]): readonly Uint8Array[] {
  return paths.flatMap((path) => {
    const found: Uint8Array[] = [];
    collect(JSON.parse(readFileSync(new URL(path, ROOT), "utf8")), false, found);
    return found;
  });
}

function collect(value: unknown, isBytes: boolean, found: Uint8Array[]): void {
  if (typeof value === "string") {
    if (isBytes && value.length > 0 && value.length < 20_000 && /^(?:[0-9a-f]{2})+$/.test(value)) {
      found.push(Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));
    }
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, isBytes, found);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value))
      collect(item, isBytes || key === "bytes", found);
  }
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
