/**
 * Standard error that is opened when there is something to say.
 *
 * Node compares every socket it closes with `process.stderr`, and the first look at that opens a
 * stream: three milliseconds of processor time, for an agent in the middle of its first join. Bun
 * does not, and its streams take longer to load than that.
 */
import { Writable } from "node:stream";

/** Who has a standard error: a process. */
interface HasStderr {
  readonly stderr: Writable;
}

/**
 * From here on `owner.stderr` is opened by the first write to it, and is then what it was before.
 * What fails there fails at whoever wrote.
 */
export function openStderrLate(owner: HasStderr = process): void {
  if (process.versions["bun"] !== undefined) return;
  const opener = Object.getOwnPropertyDescriptor(owner, "stderr");
  // Open already, or of a runtime that lets nobody change it: all is well as it is.
  if (opener?.get === undefined || opener.configurable !== true) return;
  let stream: Writable | undefined;
  const open = (): Writable => {
    Object.defineProperty(owner, "stderr", opener);
    const { stderr } = owner;
    stderr.on("error", (error) => late.destroy(error));
    return stderr;
  };
  const late = new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, encoding, done) {
      stream ??= open();
      stream.write(chunk, encoding);
      // At once, so that nothing waits here when the process ends.
      done();
    },
  });
  Object.defineProperty(owner, "stderr", { configurable: true, enumerable: true, get: () => late });
}
