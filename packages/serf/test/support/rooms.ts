/**
 * The rooms of one member around a scripted membership layer, in a time the test turns by hand.
 */
import type { Member as SwimMember, Swim } from "@x/swim";
import { AnswerCourier } from "../../src/answer-courier.ts";
import { EventChain } from "../../src/event-chain.ts";
import { IntentBuffer } from "../../src/intent-buffer.ts";
import { InternalQueries } from "../../src/internal-query.ts";
import { KeyResponder } from "../../src/key-responder.ts";
import { Membership } from "../../src/membership.ts";
import { MessageIntake } from "../../src/message-intake.ts";
import { PushPullState } from "../../src/push-pull-state.ts";
import { QueryResponder } from "../../src/query-responder.ts";
import { Queries } from "../../src/query.ts";
import { SerfContext, type SerfEnvironment } from "../../src/serf-context.ts";
import type { SerfEvent } from "../../src/serf-event.ts";
import { resolveSerfOptions, type SerfOptionsInput } from "../../src/serf-options.ts";
import type { SerfReport } from "../../src/serf-report.ts";
import { UserEvents } from "../../src/user-event.ts";
import type { SerfMessage } from "../../src/wire/message.ts";
import { decodeSerfMessage, encodeSerfMessage } from "../../src/wire/message-codec.ts";
import { ScriptedSwim, swimMember } from "./scripted-swim.ts";

export interface RoomsSetup {
  readonly options?: Partial<SerfOptionsInput>;
  readonly environment?: Partial<SerfEnvironment>;
}

/** A linear congruential generator: the same numbers in every run. */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export class Rooms {
  readonly swim: ScriptedSwim;
  readonly context: SerfContext;
  readonly intents: IntentBuffer;
  readonly chain: EventChain;
  readonly membership: Membership;
  readonly userEvents: UserEvents;
  readonly queries: Queries;
  readonly courier: AnswerCourier;
  readonly responder: QueryResponder;
  readonly intake: MessageIntake;
  readonly pushPull: PushPullState;
  readonly erased: string[] = [];
  readonly events: SerfEvent[] = [];
  readonly reports: SerfReport[] = [];

  constructor({ options = {}, environment = {} }: RoomsSetup = {}) {
    const resolved = resolveSerfOptions({
      name: "self",
      swim: { advertiseEndpoint: { address: "10.0.0.1", port: 7_946 } },
      ...options,
    });
    this.swim = new ScriptedSwim(resolved);
    this.context = new SerfContext(
      resolved,
      { random: numbersFrom(1), fillRandom: () => undefined, ...environment },
      this.swim as unknown as Swim,
    );
    for (const clock of Object.values(this.context.clocks)) clock.increment();
    this.chain = new EventChain(this.context);
    this.intents = new IntentBuffer({ nameLimit: resolved.intentNameLimit });
    this.membership = new Membership(this.context, {
      intents: this.intents,
      chain: this.chain,
      erased: (name) => this.erased.push(name),
    });
    this.userEvents = new UserEvents(this.context, this.chain);
    this.queries = new Queries(this.context, (message, encoded, nowMs) =>
      this.responder.handle(message, encoded, nowMs),
    );
    this.courier = new AnswerCourier(this.context, (message, nowMs) =>
      this.queries.handleResponse(message, nowMs),
    );
    const internal = new InternalQueries(this.context, this.chain, new KeyResponder(this.context));
    this.responder = new QueryResponder(this.context, this.courier, (query, nowMs) =>
      internal.receive(query, this.responder, nowMs),
    );
    this.intake = new MessageIntake(this.context, this);
    this.pushPull = new PushPullState(this.context, this.membership, this.userEvents);
    this.joined("self");
    this.settle();
    this.events.length = 0;
    this.reports.length = 0;
  }

  get nowMs(): number {
    return this.context.nowMs;
  }

  /** Collects what was told. */
  settle(): this {
    for (const directive of this.context.outbox.take()) {
      if (directive.kind === "emit") this.events.push(directive.event);
      if (directive.kind === "report") this.reports.push(directive.report as SerfReport);
    }
    return this;
  }

  /** Lets time pass and everything happen that is due. */
  advance(byMs: number): this {
    const endMs = this.context.nowMs + byMs;
    for (let calls = 0; calls < 10_000; calls += 1) {
      const dueMs = Math.min(this.context.timers.nextDeadlineMs(), this.chain.nextDeadlineMs());
      if (dueMs > endMs) break;
      this.context.nowMs = Math.max(this.context.nowMs, dueMs);
      this.context.timers.runDue(this.context.nowMs);
      this.chain.handleTimeout(this.context.nowMs);
    }
    this.context.nowMs = endMs;
    return this.settle();
  }

  joined(name: string, overrides: Partial<SwimMember> = {}): this {
    const isSelf = name === this.context.name;
    const member = isSelf ? this.swim.localMember : swimMember(name, overrides);
    this.swim.states.set(name, "alive");
    this.swim.memberCount = this.swim.states.size;
    this.membership.handleSwimEvent({ kind: "member-joined", member }, this.nowMs);
    return this.settle();
  }

  departed(name: string, state: "dead" | "left" = "dead"): this {
    this.swim.states.set(name, state);
    const member = swimMember(name, { state });
    this.membership.handleSwimEvent({ kind: "member-left", member }, this.nowMs);
    return this.settle();
  }

  /** A message arrives from the network. */
  receive(message: SerfMessage): this {
    this.intake.handle(encodeSerfMessage(message), this.nowMs);
    return this.settle();
  }

  leaveIntent(node: string, lamportTime: bigint, prune: boolean = false): this {
    return this.receive({ kind: "leave", node, lamportTime, prune });
  }

  joinIntent(node: string, lamportTime: bigint): this {
    return this.receive({ kind: "join", node, lamportTime });
  }

  status(name: string): string | undefined {
    return this.context.registry.find(name)?.status;
  }

  statusTime(name: string): bigint | undefined {
    return this.context.registry.find(name)?.statusTime;
  }

  /** What the next packet would carry, decoded. */
  packet(limitBytes: number = 1_395): SerfMessage[] {
    return this.context.queues.take(3, limitBytes).map(decodeSerfMessage);
  }

  /** Messages sent straight to somebody, decoded, and forgotten here. */
  takeSent(): { readonly to: string; readonly message: SerfMessage }[] {
    return this.swim.sent.splice(0).map(({ recipient, payload }) => ({
      to: recipient.name ?? `${recipient.endpoint.address}:${recipient.endpoint.port}`,
      message: decodeSerfMessage(payload),
    }));
  }

  /** `kind name,name` of every event so far, in order. */
  story(): string[] {
    return this.events.map((event) =>
      "members" in event
        ? `${event.kind} ${event.members.map(({ name }) => name).join(",")}`
        : `${event.kind} ${event.name}`,
    );
  }

  reported(kind: SerfReport["kind"]): readonly SerfReport[] {
    return this.reports.filter((report) => report.kind === kind);
  }
}
