/**
 * The incarnation a member holds of another never falls while it holds a record.
 *
 * A name that went to another address is another member. Source: behaviour specification §2, §3.1.
 */
import type { Checker } from "@x/simulator";
import type { Member, Swim } from "@x/swim";

export function incarnationsNeverFall(): Checker<Swim> {
  const lastViews = new WeakMap<Swim, Map<string, Member>>();
  return {
    name: "incarnations never fall",
    observe({ name, core }) {
      const last = lastViews.get(core);
      const view = new Map<string, Member>();
      lastViews.set(core, view);
      for (const member of core.allMembers()) {
        view.set(member.name, member);
        const before = last?.get(member.name);
        if (before === undefined || before === member) continue;
        if (member.incarnation >= before.incarnation) continue;
        if (before.endpoint.address !== member.endpoint.address) continue;
        return `${name} holds ${member.name} at ${member.incarnation}, after ${before.incarnation}`;
      }
      return undefined;
    },
  };
}
