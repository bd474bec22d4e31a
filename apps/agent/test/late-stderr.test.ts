import { PassThrough, type Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openStderrLate } from "../src/late-stderr.ts";

/** Something with a standard error that counts how often it is opened. */
function owner(): { stderr: Writable; opened: () => number; stream: PassThrough } {
  const stream = new PassThrough();
  let count = 0;
  const made = { opened: () => count, stream };
  Object.defineProperty(made, "stderr", {
    configurable: true,
    enumerable: true,
    get() {
      count += 1;
      return stream;
    },
  });
  return made as typeof made & { stderr: Writable };
}

describe("standard error", () => {
  it("is not opened by a look at it", () => {
    const process = owner();
    openStderrLate(process);

    expect(process.stderr).not.toBe(process.stream);
    expect(process.stderr).toBe(process.stderr);
    expect(process.opened()).toBe(0);
  });

  it("is opened by what is said, all of which is through at once and in order", () => {
    const process = owner();
    openStderrLate(process);
    const kept = process.stderr;

    kept.write("one ");
    kept.write(Buffer.from("two "));
    process.stderr.write("three ");
    kept.write("666f7572", "hex");

    expect(process.stream.read()?.toString()).toBe("one two three four");
    expect(process.stderr).toBe(process.stream);
  });

  it("fails at whoever wrote to it", async () => {
    const process = owner();
    openStderrLate(process);
    const kept = process.stderr;
    const failed = new Promise<Error>((resolve) => void kept.on("error", resolve));

    kept.write("into a pipe that is closed");
    process.stream.destroy(new Error("EPIPE"));

    expect((await failed).message).toBe("EPIPE");
  });

  it("stays as it is where it is open already", () => {
    const stream = new PassThrough();
    const process = { stderr: stream };
    openStderrLate(process);

    expect(process.stderr).toBe(stream);
  });
});
