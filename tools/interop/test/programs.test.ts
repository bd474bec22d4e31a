import { afterEach, describe, expect, it } from "vitest";
import { ProgramError, referenceProgram } from "../src/programs.ts";

describe("the reference's program", () => {
  const named = process.env["SERF_REFERENCE"];
  afterEach(() => {
    if (named === undefined) delete process.env["SERF_REFERENCE"];
    else process.env["SERF_REFERENCE"] = named;
  });

  it.each([
    ["/nope", "SERF_REFERENCE names /nope, which cannot be run"],
    [process.execPath, `SERF_REFERENCE names ${process.execPath}, which `],
  ])("is not taken to be %s, in words", (executable, message) => {
    process.env["SERF_REFERENCE"] = executable;

    expect(() => referenceProgram()).toThrow(ProgramError);
    expect(() => referenceProgram()).toThrow(message);
  });
});
