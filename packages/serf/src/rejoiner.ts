/**
 * Finds the cluster again after a restart, by the members the snapshot names.
 *
 * Deviation: the reference tries each once, and a member that restarts during an outage stays alone
 * for ever. Here members that had failed are tried as well, after the others, and rounds are
 * repeated with growing waits until somebody answers, somebody else finds this member, or it leaves.
 *
 * Source: Serf specification §6.4; its weaknesses 1 and 6.
 */
import { parseJoinAddress, SwimError, type JoinTarget } from "@x/swim";
import type { Membership } from "./membership.ts";
import type { RecoveredState, SerfContext } from "./serf-context.ts";

/** The wait between rounds grows to this many times the first. */
const BACKOFF_LIMIT = 64;

interface KnownMember {
  readonly name: string;
  readonly address: string;
  readonly target: JoinTarget;
}

/** Tries the members of an earlier life until somebody is found. */
export class Rejoiner {
  readonly #context: SerfContext;
  readonly #membership: Membership;
  #members: readonly KnownMember[] = [];
  #backoff = 1;

  constructor(context: SerfContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  start(recovered: RecoveredState, nowMs: number): void {
    const known = (members: ReadonlyMap<string, string>): KnownMember[] =>
      this.#shuffled(
        [...members].flatMap(([name, address]) => {
          const target = this.#targetOf(name, address);
          return target === undefined ? [] : [{ name, address, target }];
        }),
      );
    this.#members = [...known(recovered.alive), ...known(recovered.failed)];
    if (this.#members.length > 0) this.#tryFrom(0, nowMs);
  }

  #tryFrom(index: number, nowMs: number): void {
    if (this.#isOver()) return;
    const member = this.#members[index];
    if (member === undefined) return this.#retryLater(nowMs);
    const { name, address, target } = member;
    this.#context.report({ kind: "rejoin-attempted", name, address });
    this.#context.swim.join([target], nowMs, ({ joinedCount }) => {
      if (joinedCount === 0) return this.#tryFrom(index + 1, this.#context.nowMs);
      if (this.#context.state !== "alive") return;
      this.#context.report({ kind: "rejoined", name, address });
      this.#membership.announce(this.#context.clocks.member.time, this.#context.nowMs);
    });
  }

  #retryLater(nowMs: number): void {
    const { options, timers } = this.#context;
    const waitMs = options.rejoinRetryMs * this.#backoff * (0.75 + 0.5 * this.#context.random());
    this.#backoff = Math.min(BACKOFF_LIMIT, this.#backoff * 2);
    this.#context.report({
      kind: "rejoin-failed",
      triedCount: this.#members.length,
      retryInMs: waitMs,
    });
    timers.schedule(nowMs + waitMs, (atMs) => this.#tryFrom(0, atMs));
  }

  /** Members are present beside this one: somebody has found it. */
  #isOver(): boolean {
    return this.#context.state !== "alive" || this.#context.registry.presentCount > 1;
  }

  #shuffled(members: KnownMember[]): KnownMember[] {
    for (let last = members.length - 1; last > 0; last -= 1) {
      const other = Math.floor(this.#context.random() * (last + 1));
      const a = members[last];
      const b = members[other];
      if (a === undefined || b === undefined) continue;
      members[last] = b;
      members[other] = a;
    }
    return members;
  }

  /** @returns nothing for itself, and for what is no address: a snapshot may have been edited. */
  #targetOf(name: string, address: string): JoinTarget | undefined {
    const { name: self, options } = this.#context;
    if (name === self) return undefined;
    try {
      const { host, port } = parseJoinAddress(address, options.swim.bindPort);
      const target = { endpoint: { address: host, port }, text: `${name}/${address}` };
      return name === "" ? { ...target, text: address } : { ...target, name };
    } catch (error) {
      if (error instanceof SwimError) return undefined;
      throw error;
    }
  }
}
