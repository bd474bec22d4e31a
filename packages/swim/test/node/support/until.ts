/**
 * Waits for something real sockets will do, and fails loudly if they do not.
 *
 * Polls at every turn of the event loop at first, then every millisecond: no test waits longer
 * than what it waits for.
 */
export async function until(
  isTrue: () => boolean,
  { withinMs = 20_000 }: { readonly withinMs?: number } = {},
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (let turn = 0; !isTrue(); turn += 1) {
    if (performance.now() > deadlineMs) {
      throw new Error(`not true within ${withinMs} ms: ${isTrue.toString()}`);
    }
    await new Promise((resolve) => {
      if (turn < 100) setImmediate(resolve);
      else setTimeout(resolve, 1);
    });
  }
}

/** Lets everything that is under way on this machine's loopback arrive: many turns of the event loop. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
