/**
 * The clock of the bundles, in place of the global `performance`: the same time since the machine
 * started, without what Node loads for measuring.
 */
const secondMs = 1e3;
const nanosecondMs = 1e-6;

export const performance = {
  /** Milliseconds, with fractions, that never run backwards. */
  now() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * secondMs + nanoseconds * nanosecondMs;
  },
};
