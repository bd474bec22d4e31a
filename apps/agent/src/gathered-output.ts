/**
 * Standard output of a program that sometimes says much at once.
 *
 * A member that learns of many others says a line of each. Written one by one, to a pipe, they would
 * cost as much time as learning of them: so what is said within one turn of the event loop is written
 * together at the end of it.
 */

/**
 * The first lines wait this long: Node takes as long to open its standard output as the agent
 * takes to open its ports, and whoever waits for a start waits for those.
 */
export const firstWriteDelayMs = 30;

/** Text on its way out. */
export interface GatheredOutput {
  /** Written at the end of this turn at the latest, or when the process ends. */
  readonly write: (text: string) => void;
  /** Writes what waits, now. */
  readonly release: () => void;
}

/** @param write - takes everything said within a turn, in order. */
export function gatherOutput(write: (text: string) => void): GatheredOutput {
  let held = "";
  let isFirst = true;
  const release = (): void => {
    const text = held;
    held = "";
    if (text !== "") write(text);
  };
  process.on("exit", release);
  return {
    write(text) {
      const waits = held !== "";
      held += text;
      if (waits || text === "") return;
      if (isFirst) setTimeout(release, firstWriteDelayMs);
      else setImmediate(release);
      isFirst = false;
    },
    release,
  };
}
