import { describe, expect, it } from "vitest";
import { droppableRanges, giveBackStartPages } from "../../src/one-file/start-pages.ts";

function mapping(head: string, anonymousKb = 0): string {
  return `${head}\nSize:                100 kB\nRss:                  64 kB\nAnonymous:          ${String(anonymousKb).padStart(5)} kB\nVmFlags: rd ex mr mw me \n`;
}

const smaps = [
  mapping("00200000-01a39000 r--p 00000000 fe:00 339 /opt/serf one"),
  mapping("01a40000-0684a000 r-xp 01838000 fe:00 339 /opt/serf one"),
  mapping("0684a000-06851000 r--p 06641000 fe:00 339 /opt/serf one", 12),
  mapping("06851000-06f83000 rw-p 06648000 fe:00 339 /opt/serf one"),
  mapping("7f0000000000-7f0000100000 r-xp 00000000 fe:00 7 /usr/lib/libc.so.6"),
  mapping("7f0000200000-7f0000300000 r-xp 00000000 00:00 0 "),
].join("");

describe("droppableRanges", () => {
  it("are where the file is read or run, unchanged, and nowhere else", () => {
    expect(droppableRanges(smaps, "/opt/serf one")).toEqual([
      { start: 0x200000n, byteCount: 0x1839000n },
      { start: 0x1a40000n, byteCount: 0x4e0a000n },
    ]);
  });

  it("are none of a file that is not mapped", () => {
    expect(droppableRanges(smaps, "/opt/serf")).toEqual([]);
    expect(droppableRanges("", "/opt/serf")).toEqual([]);
  });
});

describe("giveBackStartPages", () => {
  it("does nothing outside Bun", () => {
    expect(giveBackStartPages()).toBeUndefined();
  });
});
