/**
 * Puts hostile input to a door and looks at what it did: thrown, taken too long, held too much.
 *
 * Cases come in lives: a new door every `CASES_A_LIFE`, for cores grow old. A life is repeatable
 * from its number, so a case that looks slow or large is judged where it happened, in the same
 * state, with nothing else running: busy machines and the collector's moods find nothing.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SeededRandom } from "@x/simulator";
import type { Door, DoorName } from "./door.ts";
import { hostileBytes } from "./hostile-bytes.ts";

/** Processor time one case may take, in ms. */
export const CASE_LIMIT_MS = 50;
/** Memory one case may hold on to. */
export const CASE_LIMIT_BYTES: number = 64 * 1_048_576;

const CASES_A_LIFE = 2_000;
/** How often a case that looks guilty is judged again; once innocent is innocent. */
const JUDGEMENTS = 4;
const FINDING_LIMIT = 10;

/** A case that broke a promise. */
export interface Finding {
  readonly door: DoorName;
  readonly what: string;
  /** Inputs the same door had taken before. */
  readonly precedingCount: number;
  /** The input, in hexadecimal. */
  readonly hex: string;
}

/** What is put to which door. */
export interface FuzzPlan {
  readonly name: DoorName;
  /** A new door, that remembers nothing. */
  readonly make: () => Door;
  /** Recorded inputs, to be changed. */
  readonly seeds: readonly Uint8Array[];
  readonly caseCount: number;
  readonly seed: number;
  readonly limits?: { readonly ms: number; readonly bytes: number };
}

/** What one case took. */
interface Cost {
  readonly ms: number;
  readonly bytes: number;
}

/** @returns what was found, at most ten. */
export function fuzzDoor(plan: FuzzPlan): readonly Finding[] {
  const findings: Finding[] = [];
  for (let first = 0; first < plan.caseCount; first += CASES_A_LIFE) {
    const caseCount = Math.min(CASES_A_LIFE, plan.caseCount - first);
    findings.push(...liveOnce(plan, first, caseCount, FINDING_LIMIT - findings.length));
    if (findings.length >= FINDING_LIMIT) break;
  }
  return findings;
}

/** One input at a new door. @returns what is wrong with it, if something is. */
export function offenceOf(make: () => Door, bytes: Uint8Array): string | undefined {
  const cost = costOf(make(), bytes, new SeededRandom(1));
  return typeof cost === "string" ? cost : excess(cost, DEFAULT_LIMITS);
}

const DEFAULT_LIMITS = { ms: CASE_LIMIT_MS, bytes: CASE_LIMIT_BYTES };

function liveOnce(
  plan: FuzzPlan,
  lifeNumber: number,
  caseCount: number,
  findingLimit: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const { limits = DEFAULT_LIMITS, make, name, seeds } = plan;
  const random = randomOf(plan, lifeNumber);
  let door = make();
  for (let index = 0; index < caseCount && findings.length < findingLimit; index += 1) {
    const bytes = hostileBytes(seeds, random);
    const cost = costOf(door, bytes, random);
    let what = typeof cost === "string" ? cost : excess(cost, limits);
    if (what === undefined) continue;
    // What was thrown is beyond doubt, and may have left the door in pieces.
    if (typeof cost === "string") door = make();
    else what = judged(plan, lifeNumber, index);
    if (what === undefined) continue;
    findings.push({ door: name, what, precedingCount: index, hex: hexOf(bytes) });
  }
  return findings;
}

/** Lives the same life again up to a case, and weighs that one alone. */
function judged(plan: FuzzPlan, lifeNumber: number, caseIndex: number): string | undefined {
  const { limits = DEFAULT_LIMITS, make, seeds } = plan;
  let least: Cost = { ms: Infinity, bytes: Infinity };
  for (let judgement = 0; judgement < JUDGEMENTS; judgement += 1) {
    const door = make();
    const random = randomOf(plan, lifeNumber);
    for (let index = 0; index < caseIndex; index += 1) door(hostileBytes(seeds, random), random);
    const bytes = hostileBytes(seeds, random);
    collectGarbage();
    const cost = costOf(door, bytes, random, collectGarbage);
    if (typeof cost === "string") return cost;
    least = { ms: Math.min(least.ms, cost.ms), bytes: Math.min(least.bytes, cost.bytes) };
    if (excess(least, limits) === undefined) return undefined;
  }
  return excess(least, limits);
}

function randomOf({ name, seed }: FuzzPlan, lifeNumber: number): SeededRandom {
  return new SeededRandom(seed).fork(name).fork(lifeNumber);
}

/** @returns what it took, or what it threw. */
function costOf(
  door: Door,
  bytes: Uint8Array,
  random: SeededRandom,
  settle: () => void = () => {},
): Cost | string {
  const beforeBytes = heldBytes();
  const before = process.cpuUsage();
  try {
    door(bytes, random);
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  // Time of the processor, not of the wall: another program's turn is not this case's fault.
  const { system, user } = process.cpuUsage(before);
  settle();
  return { ms: (user + system) / 1_000, bytes: heldBytes() - beforeBytes };
}

function excess(
  { bytes, ms }: Cost,
  limits: { readonly ms: number; readonly bytes: number },
): string | undefined {
  if (ms > limits.ms) return `took ${ms.toFixed(0)} ms`;
  if (bytes > limits.bytes) return `holds ${bytes} bytes`;
  return undefined;
}

function heldBytes(): number {
  const { external_memory: outside, used_heap_size: inside } = getHeapStatistics();
  return inside + outside;
}

let collect: (() => void) | undefined;

function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  // What the first finds to be free is counted as free when the second begins.
  collect();
  collect();
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
