/**
 * Nobody comes back, nor is cleared of a suspicion, without a greater incarnation.
 *
 * Source: SWIM §4.2; behaviour specification §3.1.
 */
import type { Checker } from "@x/simulator";
import type { Member, MemberState, Swim } from "@x/swim";

const RANK: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, dead: 2, left: 2 };

export function noResurrection(): Checker<Swim> {
  const lastViews = new WeakMap<Swim, Map<string, Member>>();
  return {
    name: "no resurrection",
    observe({ name, core }) {
      const last = lastViews.get(core);
      const view = new Map<string, Member>();
      lastViews.set(core, view);
      for (const member of core.allMembers()) {
        view.set(member.name, member);
        const before = last?.get(member.name);
        if (before === undefined || RANK[member.state] >= RANK[before.state]) continue;
        if (member.incarnation > before.incarnation) continue;
        if (before.endpoint.address !== member.endpoint.address) continue;
        return `${name}: ${member.name} went from ${before.state} to ${member.state} at ${member.incarnation}`;
      }
      return undefined;
    },
  };
}
