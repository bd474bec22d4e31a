import { describe, expect, it } from "vitest";
import { compileRe2, defaultExpressionBytesLimit, Re2Error } from "../src/re2-expression.ts";

describe("compileRe2", () => {
  it.each([
    ["", "anything", true],
    ["^web", "webserver", true],
    ["serv", "webserver", true],
    ["^db", "webserver", false],
    ["(?i)WEB", "web", true],
    ["(?s)a.b", "a\nb", true],
    ["a.b", "a\nb", false],
    ["a$", "a\n", false],
    ["(?m)a$", "a\n", true],
    ["\\Aa\\z", "a", true],
    ["(?P<n>a)b", "ab", true],
    ["\\pL+", "é", true],
    ["[[:alpha:]]", "1a", true],
    ["\\Qa.b\\E", "a.b", true],
    ["\\Qa.b\\E", "axb", false],
  ])("speaks RE2: %j in %j (§3.6)", (pattern, text, wanted) => {
    expect(compileRe2(pattern).test(text)).toBe(wanted);
  });

  it.each([
    ["alive", "still alive!", true],
    ["alive", "Alive", false],
    ["^alive$", "alive", true],
    ["^alive$", "alive\n", false],
    ["^web-1", "web-10", true],
    ["^web-1", "a web-1", false],
    ["web$", "the web", true],
    ["web$", "webs", false],
    ["^$", "", true],
    ["^$", "a", false],
    ["^", "a", true],
    ["$", "a", true],
    ["a b_c:d/e@f", "a b_c:d/e@f", true],
  ])("matches a plain word without the engine: %j in %j", (pattern, text, wanted) => {
    expect(compileRe2(pattern).test(text)).toBe(wanted);
    // What the engine says of the same, asked so that it must answer.
    expect(compileRe2(`(?:${pattern})`).test(text)).toBe(wanted);
  });

  it.each([
    ["^a.b$", "axb", true],
    ["^a|b$", "ax", true],
    ["^a*$", "", true],
    ["^a+$", "aa", true],
    ["^a?$", "", true],
    ["^(a)$", "a", true],
    ["^[a]$", "a", true],
    ["^a{2}$", "aa", true],
    ["^\\x61$", "a", true],
    ["^é$", "é", true],
    ["a^", "a^", false],
    ["$a", "$a", false],
  ])("leaves what is no plain word to the engine: %j in %j", (pattern, text, wanted) => {
    expect(compileRe2(pattern).test(text)).toBe(wanted);
  });

  it.each([
    ["(", "error parsing regexp: missing closing ): `(`"],
    ["a**", "error parsing regexp: invalid nested repetition operator: `**`"],
    ["a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"],
    ["(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ["(a)\\1", "error parsing regexp: invalid escape sequence: `\\1`"],
    ["\udcff", "error parsing regexp: invalid UTF-8"],
  ])("refuses %j in Go's words", (pattern, message) => {
    expect(() => compileRe2(pattern)).toThrow(new Re2Error(message));
  });

  it("takes the byte that is no UTF-8 for U+FFFD, as Go does", () => {
    expect(compileRe2("^a\ufffdb$").test("a\udcffb")).toBe(true);
    expect(compileRe2("^a.b$").test("a\udcffb")).toBe(true);
    expect(compileRe2("^\\x{1F600}$").test("\u{1F600}")).toBe(true);
  });

  it("compiles up to the length limit, in bytes, and not one more", () => {
    const limit = defaultExpressionBytesLimit;

    expect(compileRe2("a".repeat(limit)).test("a".repeat(limit))).toBe(true);
    expect(() => compileRe2("a".repeat(limit + 1))).toThrow(Re2Error);
    expect(() => compileRe2("é".repeat(limit / 2 + 1))).toThrow(Re2Error);
    expect(compileRe2("éé", { bytesLimit: 4 }).test("éé")).toBe(true);
  });

  it("compiles up to the cost limit, and nothing dearer", () => {
    expect(compileRe2("a{99}", { costLimit: 100 }).compileCost).toBe(100);
    expect(() => compileRe2("a{100}", { costLimit: 100 })).toThrow(
      new Re2Error("error parsing regexp: expression too large"),
    );
    expect(() => compileRe2("a{1000}b{1000}".repeat(6))).toThrow(Re2Error);
  });

  // Each would keep a backtracking engine busy for longer than the universe is old.
  it.each([
    ["(a+)+$", "b"],
    ["(a*)*b", ""],
    ["(a|a)*c", ""],
    ["(a|aa)+$", "!"],
    ["(?:a?){300}a{300}b", ""],
    ["(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)[^a]$", ""],
  ])("ends on %j, whose backtracking would not", (pattern, end) => {
    expect(compileRe2(pattern).test("a".repeat(512) + end)).toBe(
      pattern.endsWith("[^a]$") ? end !== "" : false,
    );
  });
});
