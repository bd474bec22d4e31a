/**
 * The coalescers between the core and its user.
 *
 * Source: Serf specification §13.
 */
import type { SerfEvent } from "../serf-event.ts";
import { Coalescer, type CoalescePeriods, type EventGate } from "./coalescer.ts";
import { MemberCoalescer } from "./member-coalescer.ts";
import { UserEventCoalescer } from "./user-event-coalescer.ts";

/** Which events to gather; absent means they pass at once. */
export interface CoalesceChainOptions {
  readonly member?: CoalescePeriods;
  readonly user?: CoalescePeriods;
}

/** The stations events pass: user events are gathered by one, member events by another. */
export type CoalesceChain = EventGate;

/** A chain with a station for each kind of event that has periods; without any, all pass at once. */
export function createCoalesceChain(options: CoalesceChainOptions): CoalesceChain {
  const gates: Coalescer[] = [];
  if (options.user) gates.push(new Coalescer(new UserEventCoalescer(), options.user));
  if (options.member) gates.push(new Coalescer(new MemberCoalescer(), options.member));
  // No gate gathers what another one tells, so the order among them does not matter.
  return {
    handle(event, nowMs) {
      let passing: readonly SerfEvent[] = [event];
      for (const gate of gates) {
        const [only] = passing;
        // Nearly always one: then no list is made of lists.
        passing =
          passing.length === 1 && only !== undefined
            ? gate.handle(only, nowMs)
            : passing.flatMap((each) => gate.handle(each, nowMs));
      }
      return passing;
    },
    nextDeadlineMs: () => Math.min(Infinity, ...gates.map((gate) => gate.nextDeadlineMs())),
    takeDue: (nowMs) => gates.flatMap((gate) => gate.takeDue(nowMs)),
    flush: () => gates.flatMap((gate) => gate.flush()),
  };
}
