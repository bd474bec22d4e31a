/**
 * How eagerly V8 optimizes.
 *
 * By default V8 of Node 20 considers a function for the optimizing compiler after each 66 KiB of its
 * bytecode that have run. For an agent that joins a cluster and then sends two packets a second this
 * is too early: a third of all processor time of a join went to the compiler, and 3 to 5 MiB stayed
 * with its products. Four times later a join costs as little as fifteen times later, and an agent at
 * rest too, while the first hundred thousand events and pings cost a fifth less.
 *
 * Set after the bundle is loaded: V8 takes kept code only under the flags it was made with.
 */
import { setFlagsFromString } from "node:v8";

/** Bytes of bytecode a function runs before it is considered. */
const interruptBudgetBytes = 300_000;
/** Later versions count calls instead, and begin with a cheaper compiler: they are left alone. */
const majorWithBudget = 20;

/** For this process, from now on. Bun is told when the program is made one file. */
export function optimizeLate(): void {
  if (process.versions["bun"] !== undefined) return;
  if (Number(process.versions.node.split(".")[0]) !== majorWithBudget) return;
  setFlagsFromString(`--interrupt-budget=${interruptBudgetBytes}`);
}
