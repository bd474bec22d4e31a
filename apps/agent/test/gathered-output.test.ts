import { afterEach, describe, expect, it } from "vitest";
import { gatherOutput, type GatheredOutput } from "../src/gathered-output.ts";

describe("what an agent says", () => {
  const listeners = process.listeners("exit");
  afterEach(() => {
    for (const listener of process.listeners("exit")) {
      if (!listeners.includes(listener)) process.off("exit", listener);
    }
  });

  /** An output whose first text is through, and what was written since. */
  function started(): { output: GatheredOutput; written: string[] } {
    const written: string[] = [];
    const output = gatherOutput((text) => void written.push(text));
    output.write("banner\n");
    output.release();
    written.length = 0;
    return { output, written };
  }

  it("within a turn is written together, in order, at the end of the turn", async () => {
    const { output, written } = started();
    output.write("one\n");
    output.write("two\n");
    expect(written).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(["one\ntwo\n"]);

    output.write("three\n");
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(["one\ntwo\n", "three\n"]);
  });

  it("is written at once when it is released, and no second time", async () => {
    const { output, written } = started();
    output.write("last words\n");
    output.release();
    expect(written).toEqual(["last words\n"]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual(["last words\n"]);
  });

  it("is written when the process ends", () => {
    const { output, written } = started();
    output.write("last words\n");
    for (const listener of process.listeners("exit")) {
      if (!listeners.includes(listener)) listener(0);
    }
    expect(written).toEqual(["last words\n"]);
  });

  it("is held for a moment at the very first, while ports are opened", async () => {
    const written: string[] = [];
    const output = gatherOutput((text) => void written.push(text));
    output.write("banner\n");
    await new Promise((resolve) => setImmediate(resolve));
    output.write("more\n");
    expect(written).toEqual([]);
    await expect.poll(() => written, { timeout: 5_000 }).toEqual(["banner\nmore\n"]);
  });
});
