/**
 * Only a member raises its own incarnation: nobody holds a greater one than it has announced.
 *
 * Source: SWIM §4.2; behaviour specification §2.
 */
import type { Checker } from "@x/simulator";
import type { Swim } from "@x/swim";

export function onlyTheMemberRaises(): Checker<Swim> {
  /** Over all lives of each member. */
  const announced = new Map<string, number>();
  return {
    name: "only the member raises its incarnation",
    observe({ name, core }) {
      const own = core.localMember.incarnation;
      if (own > (announced.get(name) ?? 0)) announced.set(name, own);
      for (const member of core.allMembers()) {
        const limit = announced.get(member.name) ?? 0;
        if (member.incarnation <= limit) continue;
        return `${name} holds ${member.name} at ${member.incarnation}: it announced ${limit}`;
      }
      return undefined;
    },
  };
}
