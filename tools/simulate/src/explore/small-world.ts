/**
 * Three members and the packets between them, in which somebody else decides what happens next.
 *
 * The cores are those that ship. A world cannot be copied, so a state is reached by playing the
 * choices that led to it again; `exhaustive.ts` does that for all of them.
 */
import { Fnv64 } from "./fnv64.ts";
import { SeededRandom, type Checker } from "@x/simulator";
import { resolveSwimOptions, Swim, type Endpoint, type SwimOptions } from "@x/swim";
import { encodeMessage } from "@x/swim/wire";
import { incarnationsNeverFall } from "../../../../packages/swim/test/simulation/checkers/incarnations-never-fall.ts";
import { noResurrection } from "../../../../packages/swim/test/simulation/checkers/no-resurrection.ts";
import { onlyTheMemberRaises } from "../../../../packages/swim/test/simulation/checkers/only-the-member-raises.ts";

/** What may happen next. A packet is named by its place among those in flight. */
export type Choice =
  | { readonly kind: "deliver" | "drop" | "duplicate"; readonly packet: number }
  /** Time goes on, from timer to timer, until one of them has an effect. */
  | { readonly kind: "tick" }
  | { readonly kind: "crash"; readonly member: number };

/** How much may go wrong, and how far incarnations are followed. */
export interface Budget {
  readonly drops: number;
  readonly duplicates: number;
  readonly crashes: number;
  readonly incarnation: number;
  /** Packets that may be in flight while time passes. */
  readonly inFlight: number;
}

interface Packet {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  readonly mark: string;
}

const NAMES = ["a", "b", "c"] as const;

/** Timers in a row that do nothing: a cluster at rest probes more often than this. */
const QUIET_TICKS_LIMIT = 100;

/** Short times and no streams: everything that decides about members, and nothing else. */
function optionsOf(index: number): SwimOptions {
  return resolveSwimOptions({
    name: NAMES[index] ?? "",
    advertiseEndpoint: endpointOf(index),
    probeIntervalMs: 1_000,
    probeTimeoutMs: 400,
    indirectPingCount: 1,
    gossipIntervalMs: 1_000,
    gossipFanout: 2,
    eagerGossip: false,
    retransmitMultiplier: 1,
    suspicionMultiplier: 1,
    suspicionMaxTimeoutMultiplier: 1,
    pushPullIntervalMs: 0,
    lostMemberRetryMs: 0,
    disableStreamPings: true,
    compress: false,
  });
}

function endpointOf(index: number): Endpoint {
  return { address: `10.0.0.${index + 1}`, port: 7_946 };
}

/** A world is begun for nearly every step, and always with the same. */
const OPTIONS = NAMES.map((_, index) => optionsOf(index));

export class SmallWorld {
  nowMs = 0;
  /** What a checker objected to, or a core threw. */
  violation: string | undefined;
  readonly sightings = { suspicions: 0, deaths: 0, refutations: 0 };
  readonly #budget: Budget;
  readonly #cores: (Swim | undefined)[];
  /** Everything each core was ever told: equal histories are equal states, exactly. */
  readonly #histories = NAMES.map(() => new Fnv64());
  readonly #checkers: readonly Checker<Swim>[] = [
    incarnationsNeverFall(),
    noResurrection(),
    onlyTheMemberRaises(),
  ];
  #packets: Packet[] = [];
  #drops = 0;
  #duplicates = 0;
  #crashes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#cores = OPTIONS.map((options) => {
      const chance = new SeededRandom(1).fork(options.name);
      const environment = {
        random: chance.toFunction(),
        fillRandom: (bytes: Uint8Array): void => chance.fill(bytes),
      };
      return new Swim(options, environment);
    });
    this.#cores.forEach((core, index) => {
      if (core !== undefined) this.#step(index, core, () => core.start(0));
    });
    this.#introduce();
  }

  /** Everything that may happen next; nothing once an incarnation is out of bounds. */
  choices(): readonly Choice[] {
    const budget = this.#budget;
    if (this.violation !== undefined || this.#greatestIncarnation() > budget.incarnation) return [];
    const choices: Choice[] = [];
    const seen = new Set<string>();
    this.#packets.forEach((packet, index) => {
      // Equal packets are one choice.
      const mark = `${packet.from} ${packet.to} ${packet.mark}`;
      if (seen.has(mark)) return;
      seen.add(mark);
      choices.push({ kind: "deliver", packet: index });
      if (this.#drops < budget.drops) choices.push({ kind: "drop", packet: index });
      if (this.#duplicates < budget.duplicates) choices.push({ kind: "duplicate", packet: index });
    });
    if (this.#packets.length <= budget.inFlight) choices.push({ kind: "tick" });
    if (this.#crashes < budget.crashes) {
      this.#cores.forEach((core, member) => {
        if (core !== undefined) choices.push({ kind: "crash", member });
      });
    }
    return choices;
  }

  apply(choice: Choice): void {
    switch (choice.kind) {
      case "deliver":
        return this.#deliver(this.#take(choice.packet));
      case "drop":
        this.#drops += 1;
        this.#take(choice.packet);
        return;
      case "duplicate": {
        this.#duplicates += 1;
        const packet = this.#packets[choice.packet];
        if (packet !== undefined) this.#packets.push(packet);
        return;
      }
      case "crash":
        this.#crashes += 1;
        this.#cores[choice.member] = undefined;
        this.#packets = this.#packets.filter(({ to }) => to !== choice.member);
        return;
      case "tick":
        return this.#tick();
    }
  }

  /** Equal for two worlds exactly if nothing that can follow tells them apart. */
  key(): string {
    const members = this.#cores.map((core, index) =>
      core === undefined ? "-" : (this.#histories[index] as Fnv64).text(),
    );
    const packets = this.#packets.map(({ from, mark, to }) => `${from}${to}${mark}`).toSorted();
    const spent = `${this.#drops}/${this.#duplicates}/${this.#crashes}`;
    return `${this.nowMs} ${spent} ${members.join()} ${packets.join()}`;
  }

  /** Each heard of the others from themselves; nothing is in flight. */
  #introduce(): void {
    for (const [from, core] of this.#cores.entries()) {
      if (core === undefined) continue;
      const { addressBytes, incarnation, meta, name, versions } = core.localMember;
      const bytes = encodeMessage({
        kind: "alive",
        node: name,
        incarnation,
        address: addressBytes,
        port: 7_946,
        meta,
        versions: Uint8Array.of(
          versions.protocolMin,
          versions.protocolMax,
          versions.protocolCurrent,
          versions.delegateMin,
          versions.delegateMax,
          versions.delegateCurrent,
        ),
      });
      for (const to of NAMES.keys()) {
        if (to !== from) this.#deliver({ from, to, bytes, mark: markOf(bytes) });
      }
    }
  }

  #tick(): void {
    for (let count = 0; count < QUIET_TICKS_LIMIT; count += 1) {
      if (this.#wakeNext() || this.violation !== undefined) return;
    }
  }

  /** @returns whether it had an effect outside. */
  #wakeNext(): boolean {
    let earliest = -1;
    let dueMs = Infinity;
    this.#cores.forEach((core, index) => {
      const coreDueMs = core?.nextDeadlineMs() ?? Infinity;
      if (coreDueMs >= dueMs) return;
      dueMs = coreDueMs;
      earliest = index;
    });
    const core = this.#cores[earliest];
    if (core === undefined) return true;
    this.nowMs = Math.max(this.nowMs, dueMs);
    this.#histories[earliest]?.addNumber(this.nowMs);
    return this.#step(earliest, core, () => core.handleTimeout(this.nowMs)) > 0;
  }

  #deliver({ bytes, from, mark, to }: Packet): void {
    const core = this.#cores[to];
    if (core === undefined) return;
    this.#histories[to]?.addText(`${this.nowMs} ${from} ${mark}`);
    const source = endpointOf(from);
    this.#step(to, core, () => core.handleDatagram({ bytes, source }, this.nowMs));
  }

  /** @returns how much the core asked for or told. */
  #step(index: number, core: Swim, action: () => void): number {
    const name = NAMES[index] ?? "";
    try {
      action();
      const count = this.#collect(index, core);
      for (const checker of this.#checkers) {
        const wrong = checker.observe({ name, core, cause: "datagram", nowMs: this.nowMs });
        if (wrong !== undefined) this.violation ??= `${checker.name}: ${wrong}`;
      }
      if (core.localMember.state !== "alive")
        this.violation ??= `${name} believes itself ${core.localMember.state}`;
      return count;
    } catch (error) {
      this.violation ??= `${name} threw ${String(error)}`;
      return 0;
    }
  }

  #collect(from: number, core: Swim): number {
    const directives = core.takeDirectives();
    for (const directive of directives) {
      if (directive.kind === "send-datagram") {
        const to = NAMES.findIndex(
          (_, index) => endpointOf(index).address === directive.target.address,
        );
        if (this.#cores[to] === undefined) continue;
        this.#packets.push({ from, to, bytes: directive.bytes, mark: markOf(directive.bytes) });
      } else if (directive.kind === "emit") {
        if (directive.event.kind === "member-suspected") this.sightings.suspicions += 1;
        if (directive.event.kind === "member-left") this.sightings.deaths += 1;
      } else if (directive.kind === "report" && directive.report.kind === "refuting") {
        this.sightings.refutations += 1;
      } else if (directive.kind === "open-stream") {
        this.violation ??= `${NAMES[from]} opened a stream, which this world does not have`;
      }
    }
    return directives.length;
  }

  #take(index: number): Packet {
    const [packet] = this.#packets.splice(index, 1);
    if (packet === undefined) throw new RangeError(`there is no packet ${index}`);
    return packet;
  }

  #greatestIncarnation(): number {
    return this.#cores.reduce(
      (most, core) => Math.max(most, core?.localMember.incarnation ?? 0),
      0,
    );
  }
}

function markOf(bytes: Uint8Array): string {
  const hash = new Fnv64();
  hash.addBytes(bytes);
  return hash.text();
}
