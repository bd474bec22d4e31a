import { describe, expect, it } from "vitest";
import { goSyntax, type GoValue } from "../../src/format/go-syntax.ts";

describe("goSyntax (CLI specification §5.13)", () => {
  it.each<[value: GoValue, text: string]>([
    ["deploy", '"deploy"'],
    ['a"b\n', '"a\\"b\\n"'],
    [true, "true"],
    [false, "false"],
    [3n, "3"],
    [127, "127"],
    [128, "0x80"],
    [142n, "0x8e"],
    [18446744073709551615n, "0xffffffffffffffff"],
    [null, "<nil>"],
    [Uint8Array.of(0x70, 0x01), "[]byte{0x70, 0x1}"],
    [new Uint8Array(0), "[]byte{}"],
    [[], "[]interface {}{}"],
    [
      [Uint8Array.of(127, 0, 0, 1), null],
      "[]interface {}{[]uint8{0x7f, 0x0, 0x0, 0x1}, interface {}(nil)}",
    ],
    [
      { Port: 21001, Tags: {}, Name: "bar" },
      'map[interface {}]interface {}{"Port":0x5209, "Tags":map[interface {}]interface {}{}, "Name":"bar"}',
    ],
  ])("writes $1", (value, text) => {
    expect(goSyntax(value)).toBe(text);
  });
});
