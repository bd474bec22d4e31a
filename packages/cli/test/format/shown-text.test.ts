import { describe, expect, it } from "vitest";
import { shownText } from "../../src/format/shown-text.ts";

describe("shownText", () => {
  it("keeps a stranger's text from commanding a person's terminal", () => {
    const text = "a\u001b[2Jb\r\tc\nd\u009b31m";

    expect(shownText({ isInteractive: true }, text)).toBe("a\\x1b[2Jb\\x0d\tc\nd\\x9b31m");
  });

  it("changes nothing for programs", () => {
    expect(shownText({ isInteractive: false }, "\u001b[2J")).toBe("\u001b[2J");
  });
});
