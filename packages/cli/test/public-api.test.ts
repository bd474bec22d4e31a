import { describe, expect, it } from "vitest";
import * as cli from "../src/index.ts";

describe("the public list of @x/cli", () => {
  it("stands as written down: widening it is a decision", () => {
    expect(Object.keys(cli).sort()).toEqual([
      "booleanFlag",
      "commandTable",
      "exitFailure",
      "exitNoCommand",
      "numberFlag",
      "overview",
      "programVersion",
      "runCli",
      "textFlag",
      "usage",
    ]);
  });
});
