import { describe, expect, it } from "vitest";
import {
  FlagError,
  type FlagSpec,
  goQuote,
  parseFlags,
  parseIntegerText,
} from "../../src/config/flag-syntax.ts";

const specs: readonly FlagSpec[] = [
  { name: "coalesce", kind: "boolean", help: "" },
  { name: "name", kind: "text", help: "" },
  { name: "node", kind: "list", help: "" },
  { name: "config-file", kind: "list", help: "", sharedList: "config" },
  { name: "config-dir", kind: "list", help: "", sharedList: "config" },
  { name: "relay-factor", kind: "integer", help: "" },
  { name: "timeout", kind: "duration", help: "" },
];

function faultOf(words: readonly string[]): string {
  try {
    parseFlags(words, specs);
  } catch (error) {
    expect(error).toBeInstanceOf(FlagError);
    return (error as FlagError).message;
  }
  throw new Error("no fault");
}

describe("parseFlags (CLI specification §2)", () => {
  it.each([
    [["-name=a"], "a"],
    [["--name=a"], "a"],
    [["-name", "a"], "a"],
    [["-name=a", "-name=b"], "b"],
    [["-name="], ""],
    [["-name=a=b"], "a=b"],
    [["-name", "-coalesce"], "-coalesce"],
  ])("reads %j", (words, value) => {
    expect(parseFlags(words, specs).values.get("name")).toBe(value);
  });

  it("never lets a boolean take the next word", () => {
    const parsed = parseFlags(["-coalesce", "false"], specs);

    expect(parsed.values.get("coalesce")).toBe(true);
    expect(parsed.positional).toEqual(["false"]);
  });

  it.each(["0", "f", "F", "false", "FALSE", "False"])("reads the boolean %s", (text) => {
    expect(parseFlags([`-coalesce=${text}`], specs).values.get("coalesce")).toBe(false);
  });

  it.each([
    [
      ["foo", "-coalesce=false"],
      ["foo", "-coalesce=false"],
    ],
    [
      ["-", "-name=a"],
      ["-", "-name=a"],
    ],
    [["--", "-name=a"], ["-name=a"]],
  ])("stops at the first plain word of %j", (words, positional) => {
    const parsed = parseFlags(words, specs);

    expect(parsed.positional).toEqual(positional);
    expect(parsed.values.size).toBe(0);
  });

  it("appends lists and keeps the order of a shared one", () => {
    const parsed = parseFlags(
      ["-node", "a", "-config-file=1", "-config-dir=2", "-node=b", "-config-file=3"],
      specs,
    );

    expect(parsed.lists.get("node")).toEqual(["a", "b"]);
    expect(parsed.lists.get("config")).toEqual(["1", "2", "3"]);
  });

  it.each([
    [["-bogus"], "flag provided but not defined: -bogus"],
    [["-name"], "flag needs an argument: -name"],
    [["---name"], "bad flag syntax: ---name"],
    [["-=x"], "bad flag syntax: -=x"],
    [["-timeout", "foo"], 'invalid value "foo" for flag -timeout: parse error'],
    [["-relay-factor=x"], 'invalid value "x" for flag -relay-factor: parse error'],
    [
      ["-relay-factor", "99999999999999999999"],
      'invalid value "99999999999999999999" for flag -relay-factor: value out of range',
    ],
    [["-coalesce=maybe"], 'invalid boolean value "maybe" for -coalesce: parse error'],
  ])("refuses %j in the reference's words", (words, message) => {
    expect(faultOf(words)).toBe(message);
  });
});

describe("parseIntegerText", () => {
  it.each([
    ["12", 12],
    ["-1", -1],
    ["+7", 7],
    ["0x1f", 31],
    ["0o17", 15],
    ["017", 15],
    ["0b101", 5],
    ["1_000", 1000],
  ])("reads %s", (text, value) => {
    expect(parseIntegerText(text)).toBe(value);
  });

  it.each(["", "a", "1__0", "_1", "1_", "0x", "1.5"])("refuses %j", (text) => {
    expect(() => parseIntegerText(text)).toThrow("parse error");
  });
});

describe("goQuote", () => {
  it.each([
    ["plain", '"plain"'],
    ['a"b\\', '"a\\"b\\\\"'],
    ["tab\tline\n", '"tab\\tline\\n"'],
    ["\u0001", '"\\x01"'],
    ["ñ 日本", '"ñ 日本"'],
    ["\u200b", '"\\u200b"'],
  ])("quotes %j", (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });
});
