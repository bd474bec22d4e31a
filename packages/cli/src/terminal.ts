/**
 * What a command sees of the world: two streams, the environment, and the keyboard's interrupt.
 *
 * Commands take it as an argument, so that tests run them without a process.
 */

/** Streams, environment, keyboard and system, as a command needs them. */
export interface Terminal {
  /** Every message of every command goes here, errors included. Source: CLI specification §1. */
  writeOut(text: string): void;
  /** Only the overview, help and the flag parser's one line. */
  writeErr(text: string): void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether a person is looking at the output: only then colour and live pictures. */
  readonly isInteractive: boolean;
  /** Size of the screen as it is now, for live pictures. */
  readonly columns: number;
  readonly rows: number;
  /** Aborted when the person presses Ctrl-C. */
  readonly interrupt: AbortSignal;
  /** Random bytes of the system, for new keys. @throws when there are none to be had. */
  randomBytes(length: number): Uint8Array;
  /** Reads a small file given by a flag. @throws the system's error. */
  readFile(path: string): string;
  /** Makes the words of this process invisible to process lists, as far as the system allows. */
  hideWords(): void;
}
