/**
 * Finds one port that is free for two protocols.
 *
 * Source: behaviour specification §15 ("bind with port 0").
 */
import { errorCode } from "./stream-failure.ts";

/** How the two sockets are made, and the first one given back. */
export interface SamePortOptions<First, Second> {
  /** 0 lets the system choose. */
  readonly bindPort: number;
  readonly bindFirst: (port: number) => Promise<First>;
  readonly portOf: (first: First) => number;
  readonly release: (first: First) => void;
  readonly bindSecond: (port: number) => Promise<Second>;
  /** Asked before each attempt. */
  readonly signal?: AbortSignal;
}

/** How often the system may choose a port whose twin is taken. */
export const BIND_ATTEMPTS = 10;

/**
 * With port 0 the first socket chooses and the second takes the same number; if that one is taken,
 * both choose again, ten times at most. A given port is tried once.
 *
 * @throws the system's error, or `signal.reason`; then neither socket is left open.
 */
export async function bindSamePort<First, Second>(
  options: SamePortOptions<First, Second>,
): Promise<readonly [First, Second]> {
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    const first = await options.bindFirst(options.bindPort);
    try {
      options.signal?.throwIfAborted();
      return [first, await options.bindSecond(options.portOf(first))];
    } catch (error) {
      options.release(first);
      const mayRetry = options.bindPort === 0 && errorCode(error) === "EADDRINUSE";
      if (!mayRetry || attempt === BIND_ATTEMPTS) throw error;
    }
  }
}
