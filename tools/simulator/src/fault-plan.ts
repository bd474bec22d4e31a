/**
 * What goes wrong, and when: as data, so that a failing plan can be printed, replayed and shrunk.
 *
 * Read next: `shrink.ts`.
 */
import type { LinkRule, MemberSelection } from "./link-rules.ts";
import type { Outage } from "./outage.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** When a fault begins, in virtual ms after the plan was injected. */
interface At {
  readonly atMs: number;
}

/** How long it lasts. */
interface For {
  readonly forMs: number;
}

/** One thing that goes wrong. */
export type Fault =
  /** Without `restartAfterMs` it stays dead. */
  | (At & {
      readonly kind: "crash";
      readonly member: string;
      readonly scope: "process" | "machine";
      readonly restartAfterMs?: number;
    })
  | (At & For & { readonly kind: "pause"; readonly member: string })
  | (At & For & { readonly kind: "slow"; readonly member: string; readonly serviceMs: number })
  | (At & For & { readonly kind: "drift"; readonly member: string; readonly rate: number })
  /** Members in no group form one together. */
  | (At & For & { readonly kind: "partition"; readonly groups: readonly (readonly string[])[] })
  /** One direction only; a one-way partition is a rule with `lossRatio: 1`. */
  | (At & For & { readonly kind: "impair"; readonly rule: LinkRule })
  /** Down and up in turn, beginning with down. */
  | (At &
      For & {
        readonly kind: "flap";
        readonly from: MemberSelection;
        readonly to: MemberSelection;
        readonly isOneWay: boolean;
        readonly downMs: number;
        readonly upMs: number;
      });

/** What a plan needs of a simulation. */
export interface FaultTarget {
  after(delayMs: number, action: () => void): void;
  isRunning(name: string): boolean;
  crash(name: string, scope: "process" | "machine"): void;
  restart(name: string): void;
  pause(name: string): Outage;
  slowDown(name: string, serviceMs: number): Outage;
  drift(name: string, rate: number): Outage;
  partition(groups: readonly (readonly string[])[]): Outage;
  impair(rule: LinkRule): Outage;
}

/**
 * Lets a plan happen, counted from now.
 *
 * Faults of a member that is not there to suffer them (already crashed, or restarted by another
 * fault) do nothing: a shrunk plan must run whatever was taken out of it.
 */
export function injectFaults(target: FaultTarget, plan: readonly Fault[]): void {
  for (const fault of plan) target.after(fault.atMs, () => begin(target, fault));
}

/** When the last fault of a plan is over, in ms after its injection. */
export function planEndMs(plan: readonly Fault[]): number {
  return plan.reduce((endMs, fault) => {
    const lastsMs = fault.kind === "crash" ? (fault.restartAfterMs ?? 0) : fault.forMs;
    return Math.max(endMs, fault.atMs + lastsMs);
  }, 0);
}

function begin(target: FaultTarget, fault: Fault): void {
  switch (fault.kind) {
    case "crash": {
      const { member, scope, restartAfterMs } = fault;
      if (!target.isRunning(member)) return;
      target.crash(member, scope);
      if (restartAfterMs === undefined) return;
      target.after(restartAfterMs, () => {
        if (!target.isRunning(member)) target.restart(member);
      });
      return;
    }
    case "pause":
      if (target.isRunning(fault.member)) target.pause(fault.member).forMs(fault.forMs);
      return;
    case "slow":
      if (!target.isRunning(fault.member)) return;
      target.slowDown(fault.member, fault.serviceMs).forMs(fault.forMs);
      return;
    case "drift":
      if (!target.isRunning(fault.member)) return;
      target.drift(fault.member, fault.rate).forMs(fault.forMs);
      return;
    case "partition":
      target.partition(fault.groups).forMs(fault.forMs);
      return;
    case "impair":
      target.impair(fault.rule).forMs(fault.forMs);
      return;
    case "flap":
      flap(target, fault, fault.forMs);
      return;
  }
}

function flap(
  target: FaultTarget,
  fault: Extract<Fault, { readonly kind: "flap" }>,
  leftMs: number,
): void {
  if (leftMs <= 0) return;
  const { from, to, isOneWay, downMs, upMs } = fault;
  const lastsMs = Math.min(downMs, leftMs);
  target.impair({ from, to, lossRatio: 1 }).forMs(lastsMs);
  if (!isOneWay) target.impair({ from: to, to: from, lossRatio: 1 }).forMs(lastsMs);
  // At least a millisecond, so that a plan of zeros does not stop virtual time.
  const roundMs = Math.max(1, downMs + upMs);
  target.after(roundMs, () => flap(target, fault, leftMs - roundMs));
}

/**
 * Draws a plan.
 *
 * @param members - who may suffer; at least two.
 * @param withinMs - all faults begin and end within this time.
 * @throws {RangeError} if there are fewer than two members.
 */
export function randomFaults(
  random: SeededRandom,
  options: {
    readonly members: readonly string[];
    readonly count: number;
    readonly withinMs: number;
    /** Which kinds to draw from; all. */
    readonly kinds?: readonly Fault["kind"][];
  },
): Fault[] {
  const { members, count, withinMs, kinds = ALL_KINDS } = options;
  if (members.length < 2) throw new RangeError("a fault plan needs at least two members");
  return Array.from({ length: count }, () => {
    const atMs = Math.floor(random.between(0, withinMs / 2));
    const forMs = Math.floor(random.between(1, withinMs / 2));
    return randomFault(random, random.pick(kinds), { atMs, forMs, members });
  }).sort((first, second) => first.atMs - second.atMs);
}

const ALL_KINDS: readonly Fault["kind"][] = [
  "crash",
  "pause",
  "slow",
  "drift",
  "partition",
  "impair",
  "flap",
];

function randomFault(
  random: SeededRandom,
  kind: Fault["kind"],
  { atMs, forMs, members }: At & For & { readonly members: readonly string[] },
): Fault {
  const member = random.pick(members);
  const others = members.filter((name) => name !== member);
  const some = others.filter(() => random.chance(0.5));
  const to = some.length > 0 ? some : others;
  switch (kind) {
    case "crash": {
      const scope = random.chance(0.5) ? "process" : "machine";
      return { kind, atMs, member, scope, restartAfterMs: forMs };
    }
    case "pause":
      return { kind, atMs, forMs, member };
    case "slow":
      return { kind, atMs, forMs, member, serviceMs: Math.floor(random.between(1, 200)) };
    case "drift":
      return { kind, atMs, forMs, member, rate: random.between(0.9, 1.1) };
    case "partition":
      return { kind, atMs, forMs, groups: [to] };
    case "impair":
      return { kind, atMs, forMs, rule: randomRule(random, [member], to) };
    case "flap": {
      const downMs = Math.floor(random.between(1, 5_000));
      const upMs = Math.floor(random.between(1, 5_000));
      return { kind, atMs, forMs, from: [member], to, isOneWay: random.chance(0.5), downMs, upMs };
    }
  }
}

function randomRule(
  random: SeededRandom,
  from: readonly string[],
  to: readonly string[],
): LinkRule {
  const ratio = (): number => Math.round(random.between(1, 100)) / 100;
  return random.pick<() => LinkRule>([
    () => ({ from, to, lossRatio: 1 }),
    () => ({ from, to, lossRatio: ratio() }),
    () => ({ from, to, datagramLossRatio: 1 }),
    () => ({ from, to, extraLatencyMs: Math.floor(random.between(1, 1_000)) }),
    () => ({ from, to, duplicateRatio: ratio() }),
    () => ({ from, to, corruptRatio: ratio() }),
    () => ({ from, to, replayRatio: ratio() }),
  ])();
}

/** Gentler versions of a fault, for `shrink`: shorter by half, then by a tenth. */
export function simplerFaults(fault: Fault): readonly Fault[] {
  const lastsMs = fault.kind === "crash" ? fault.restartAfterMs : fault.forMs;
  if (lastsMs === undefined) return [];
  return [Math.floor(lastsMs / 2), Math.floor(lastsMs * 0.9)]
    .filter((shorterMs) => shorterMs >= 1 && shorterMs < lastsMs)
    .map((shorterMs) =>
      fault.kind === "crash"
        ? { ...fault, restartAfterMs: shorterMs }
        : { ...fault, forMs: shorterMs },
    );
}
