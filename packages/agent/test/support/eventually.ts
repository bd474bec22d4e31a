/**
 * Waits for a condition by looking again and again; a wait that is too long fails the test.
 *
 * @param what - completes "timed out waiting until …".
 */
export async function eventually(
  what: string,
  isTrue: () => boolean,
  timeoutMs = 20_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(`timed out waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
