/**
 * Waits for something real sockets will do, and fails loudly if they do not: no test waits longer
 * than what it waits for.
 */
export async function until(
  isTrue: () => boolean,
  { withinMs = 20_000 }: { readonly withinMs?: number } = {},
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) {
      throw new Error(`not true within ${withinMs} ms: ${isTrue.toString()}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
