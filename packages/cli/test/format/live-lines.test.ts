import { describe, expect, it } from "vitest";
import { cutToWidth, LiveLines, paint } from "../../src/format/live-lines.ts";
import { FakeTerminal } from "../support/fake-terminal.ts";

describe("LiveLines", () => {
  it("paints over what it showed, and takes it away", () => {
    const terminal = new FakeTerminal({ isInteractive: true });
    const lines = new LiveLines(terminal);

    lines.show(["a", "b"]);
    lines.show(["c"]);
    lines.clear();
    lines.clear();

    expect(terminal.stdout).toBe("a\nb\n\u001b[2A\r\u001b[Jc\n\u001b[1A\r\u001b[J");
  });

  it("writes nothing where nobody looks", () => {
    const terminal = new FakeTerminal();
    const lines = new LiveLines(terminal);

    lines.show(["a"]);
    lines.clear();

    expect(terminal.stdout).toBe("");
  });

  it("shows no more than the screen holds, the last line always", () => {
    const terminal = new FakeTerminal({ isInteractive: true, rows: 6 });
    const list = Array.from({ length: 100 }, (_, index) => `member ${index}`);

    new LiveLines(terminal).show([...list, "the end"]);

    expect(terminal.stdout).toBe(
      "member 0\nmember 1\nmember 2\n… 97 more lines do not fit here\nthe end\n",
    );
  });
});

describe("cutToWidth", () => {
  it("counts wide characters twice, colours not at all, and ends a colour it cut", () => {
    expect(cutToWidth("abcdef", 3)).toBe("abc");
    expect(cutToWidth("日本語", 5)).toBe("日本");
    expect(cutToWidth("\u001b[32mabcdef\u001b[0m", 3)).toBe("\u001b[32mabc\u001b[0m");
    expect(cutToWidth("\u001b[32mabc\u001b[0m", 3)).toBe("\u001b[32mabc\u001b[0m");
  });
});

describe("paint", () => {
  it("colours only for people, and not for those who set NO_COLOR", () => {
    const person = new FakeTerminal({ isInteractive: true });
    const plain = new FakeTerminal({ isInteractive: true, environment: { NO_COLOR: "1" } });

    expect(paint(person, "good", "x")).toBe("\u001b[32mx\u001b[0m");
    expect(paint(plain, "good", "x")).toBe("x");
    expect(paint(new FakeTerminal(), "good", "x")).toBe("x");
  });
});
