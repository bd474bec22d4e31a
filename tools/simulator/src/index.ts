/**
 * Runs protocol cores in virtual time on a simulated network, repeatable from one integer.
 *
 * @packageDocumentation
 */
export { SeededRandom, seeds } from "./seeded-random.ts";
