/**
 * How eagerly V8 optimizes.
 *
 * By default V8 of Node 20 compiles a function once more, with the optimizing compiler, after 132 KB
 * of its bytecode have run. For an agent that joins a cluster and then sends two packets a second this is
 * too early: a third of all processor time of a join went to the compiler, and 5 MiB stayed with its
 * products. Eight times later an agent under load is still optimized within its first second, and
 * one at rest never is.
 *
 * Set after the bundle is loaded: V8 takes kept code only under the flags it was made with.
 */
import { setFlagsFromString } from "node:v8";

/** Bytes of bytecode a function runs before it is optimized. */
const interruptBudgetBytes = 1_000_000;
/** Later versions count calls instead, and begin with a cheaper compiler: they are left alone. */
const majorWithBudget = 20;

/** For this process, from now on. Bun is told when the program is made one file. */
export function optimizeLate(): void {
  if (process.versions["bun"] !== undefined) return;
  if (Number(process.versions.node.split(".")[0]) !== majorWithBudget) return;
  setFlagsFromString(`--interrupt-budget=${interruptBudgetBytes}`);
}
