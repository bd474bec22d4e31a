/** Checkers of one layer, for a cluster that may be of either; and one for both. */
import { Serf } from "@x/serf";
import type { Checker } from "@x/simulator";
import type { Swim } from "@x/swim";
import { swimOf, type Core } from "./cluster.ts";

/** Looks at members that are Serf's. */
export function ofSerf(checker: Checker<Serf>): Checker<Core> {
  return {
    name: checker.name,
    observe: (step) =>
      step.core instanceof Serf ? checker.observe({ ...step, core: step.core }) : undefined,
  };
}

/** Looks at the SWIM core of every member. */
export function ofSwim(checker: Checker<Swim>): Checker<Core> {
  return {
    name: checker.name,
    observe: (step) => checker.observe({ ...step, core: swimOf(step.core) }),
  };
}

/** Nobody believes itself dead, nor gone unless it is going. */
export function believesInItself(): Checker<Core> {
  return {
    name: "believes in itself",
    observe({ core, name }) {
      const swim = swimOf(core);
      const { state } = swim.localMember;
      const isRight = state === "alive" || (swim.isLeaving && state === "left");
      return isRight ? undefined : `${name} believes itself ${state}`;
    },
  };
}
