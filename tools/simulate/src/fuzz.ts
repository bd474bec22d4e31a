/**
 * Bytes from strangers: recorded messages with something changed, and bytes of no meaning at all,
 * at every door they can come in by.
 *
 * Nothing may be thrown but the errors a door names, nothing may take longer than
 * `CASE_LIMIT_MS` or more memory than `CASE_LIMIT_BYTES`.
 */
import { resolveSerfOptions, Serf } from "@x/serf";
import { KeyringFileError, parseKeyringFile } from "@x/serf/node";
import { SeededRandom } from "@x/simulator";
import {
  ConfigDecodeError,
  decodeConfig,
} from "../../../packages/agent/src/config/config-decode.ts";
import { JsonError, readFirstJson } from "../../../packages/agent/src/config/json-reader.ts";
import { FrameSplitter, requestLimits } from "../../../packages/agent/src/rpc/frame-codec.ts";
import { RpcWireError } from "../../../packages/agent/src/rpc/wire-error.ts";
import { replaySnapshot } from "../../../packages/serf/src/snapshot/snapshot-state.ts";

export const CASE_LIMIT_MS = 50;
export const CASE_LIMIT_BYTES = 64 * 1_048_576;
/** Memory is dear to ask: looked at after so many cases. */
const CASES_BETWEEN_LOOKS = 64;
/** A core grows old: another after so many cases. */
const CASES_PER_CORE = 2_000;

export type DoorName = "datagram" | "stream" | "snapshot" | "keyring" | "config" | "rpc";

/** Where bytes come in. */
export interface Door {
  readonly name: DoorName;
  /** Takes one input; throws only what is wrong. */
  open(bytes: Uint8Array, random: SeededRandom): void;
}

/** A case that broke a promise. */
export interface Finding {
  readonly door: DoorName;
  readonly what: string;
  /** The input, in hexadecimal. */
  readonly hex: string;
}

/** Serf with SWIM below it, at a time of its own. */
class OpenCore {
  #core: Serf | undefined;
  #caseCount = 0;
  #nowMs = 1_000;
  #streamId = 0;

  datagram(bytes: Uint8Array): void {
    const core = this.#living();
    core.handleDatagram({ bytes, source: { address: "10.0.0.9", port: 7_946 } }, this.#nowMs);
    this.#rest(core);
  }

  stream(bytes: Uint8Array, random: SeededRandom): void {
    const core = this.#living();
    const streamId = (this.#streamId += 2);
    const remote = { address: `10.0.${streamId & 255}.9`, port: 40_000 };
    core.handleStream({ kind: "accepted", streamId, remote }, this.#nowMs);
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + Math.ceil(random.between(1, 400)));
      core.handleStream({ kind: "data", streamId, bytes: bytes.slice(start, end) }, this.#nowMs);
      start = end;
    }
    core.handleStream({ kind: "ended", streamId }, this.#nowMs);
    this.#rest(core);
  }

  #living(): Serf {
    this.#caseCount += 1;
    if (this.#core === undefined || this.#caseCount % CASES_PER_CORE === 0) {
      const random = new SeededRandom(this.#caseCount);
      this.#core = new Serf(
        resolveSerfOptions({
          name: "self",
          swim: { advertiseEndpoint: { address: "10.0.0.1", port: 7_946 } },
        }),
        { random: random.toFunction(), fillRandom: (bytes) => random.fill(bytes) },
      );
      this.#core.start(this.#nowMs);
    }
    return this.#core;
  }

  #rest(core: Serf): void {
    this.#nowMs += 7;
    core.handleTimeout(this.#nowMs);
    core.takeDirectives();
    const { state } = core.swim.localMember;
    if (state !== "alive") throw new Error(`believes itself ${state}`);
  }
}

/** Every door; those with cores keep them between cases. */
export function everyDoor(): readonly Door[] {
  const datagrams = new OpenCore();
  const streams = new OpenCore();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return [
    { name: "datagram", open: (bytes) => datagrams.datagram(bytes) },
    { name: "stream", open: (bytes, random) => streams.stream(bytes, random) },
    { name: "snapshot", open: (bytes) => void replaySnapshot(bytes, { rejoinAfterLeave: false }) },
    {
      name: "keyring",
      open: (bytes) => allowing([KeyringFileError], () => void parseKeyringFile(text(bytes))),
    },
    {
      name: "config",
      open: (bytes) =>
        allowing(
          [JsonError, ConfigDecodeError],
          () => void decodeConfig(readFirstJson(text(bytes))),
        ),
    },
    {
      name: "rpc",
      open: (bytes) => allowing([RpcWireError], () => splitAll(bytes)),
    },
  ];
}

/** Changes a recorded input, joins two, or makes one up. */
export function hostileBytes(seeds: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  if (seeds.length === 0 || random.chance(0.05)) {
    const bytes = new Uint8Array(Math.floor(random.between(0, 600)));
    random.fill(bytes);
    return bytes;
  }
  let bytes: Uint8Array = random.pick(seeds).slice();
  const changeCount = Math.ceil(random.between(0, 4));
  for (let change = 0; change < changeCount; change += 1) bytes = changed(bytes, seeds, random);
  return bytes;
}

/**
 * Puts so many cases to a door.
 *
 * @returns what was found, at most ten.
 */
export function fuzzDoor(
  door: Door,
  seeds: readonly Uint8Array[],
  { caseCount, seed }: { readonly caseCount: number; readonly seed: number },
): readonly Finding[] {
  const random = new SeededRandom(seed).fork(door.name);
  const findings: Finding[] = [];
  let usedBytes = memoryBytes();
  for (let count = 0; count < caseCount && findings.length < 10; count += 1) {
    const bytes = hostileBytes(seeds, random);
    const what = offence(door, bytes, random);
    if (what !== undefined) findings.push({ door: door.name, what, hex: hexOf(bytes) });
    if (count % CASES_BETWEEN_LOOKS !== 0) continue;
    const nowBytes = memoryBytes();
    if (nowBytes - usedBytes > CASE_LIMIT_BYTES * 4) {
      const grown = `grew by ${nowBytes - usedBytes} bytes in ${CASES_BETWEEN_LOOKS} cases`;
      findings.push({ door: door.name, what: grown, hex: hexOf(bytes) });
    }
    usedBytes = nowBytes;
  }
  return findings;
}

function offence(door: Door, bytes: Uint8Array, random: SeededRandom): string | undefined {
  try {
    // Slow three times in a row is slow: once may be a busy machine.
    let fastestMs = Infinity;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const startMs = performance.now();
      door.open(bytes, random);
      fastestMs = Math.min(fastestMs, performance.now() - startMs);
      if (fastestMs <= CASE_LIMIT_MS) return undefined;
    }
    return `took ${fastestMs.toFixed(0)} ms`;
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

function changed(
  bytes: Uint8Array,
  seeds: readonly Uint8Array[],
  random: SeededRandom,
): Uint8Array {
  const at = Math.floor(random.between(0, Math.max(1, bytes.length)));
  const kind = Math.floor(random.between(0, 6));
  if (kind === 0) return bytes.slice(0, at);
  if (kind === 1) return joined(bytes.subarray(0, at), random.pick(seeds).subarray(at));
  if (kind === 2)
    return joined(bytes.subarray(0, at), Uint8Array.of(random.pick(EDGES)), bytes.subarray(at));
  if (kind === 3) return joined(bytes, random.pick(seeds));
  if (bytes.length === 0) return bytes;
  if (kind === 4) bytes[at] = random.pick(EDGES);
  else bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.between(0, 8)));
  return bytes;
}

/** Bytes where formats change their mind: lengths, signs, MessagePack's families, JSON's marks. */
const EDGES: readonly number[] = [
  0, 1, 8, 9, 12, 34, 44, 58, 91, 92, 93, 123, 125, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
  0xc4, 0xc6, 0xca, 0xcb, 0xcc, 0xcf, 0xd3, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xf4, 0xff,
];

function allowing(allowed: readonly (new (...args: never[]) => Error)[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!allowed.some((kind) => error instanceof kind)) throw error;
  }
}

function splitAll(bytes: Uint8Array): void {
  const splitter = new FrameSplitter(requestLimits);
  splitter.push(bytes);
  while (splitter.next() !== undefined);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function memoryBytes(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
