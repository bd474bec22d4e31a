/**
 * Gives back the pages of Bun's own code that only a start needs.
 *
 * The program as one file is 110 MiB, of which the kernel maps what is run, sixteen pages at a
 * time. When an agent is up, 35 MiB of the file are resident, and an idle agent needs a third of
 * them. The others are unmapped, and whichever is needed again costs a fault that reads nothing,
 * since the file stays in the kernel's cache.
 *
 * Source: madvise(2), `MADV_DONTNEED`; proc(5), `smaps`.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { libc } from "./libc.ts";

/** Part of the address space. */
export interface AddressRange {
  readonly start: bigint;
  readonly byteCount: bigint;
}

/** Linux on all processors Bun runs on. */
const MADV_DONTNEED = 4;

/**
 * Where a file is mapped that cannot be written to there and was not changed: only there may pages
 * be dropped, since they can be had again.
 *
 * @param smaps - text of `/proc/self/smaps`.
 */
export function droppableRanges(smaps: string, file: string): AddressRange[] {
  const ranges: AddressRange[] = [];
  for (const mapping of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [^\n]* (\/[^\n]*)$/m.exec(mapping);
    if (head === null || head[3] !== file || !/^Anonymous: +0 kB$/m.test(mapping)) continue;
    const start = BigInt(`0x${head[1]}`);
    ranges.push({ start, byteCount: BigInt(`0x${head[2]}`) - start });
  }
  return ranges;
}

/** Does nothing where the system or Bun offers no way. */
export function giveBackStartPages(): void {
  try {
    const ranges = droppableRanges(
      readFileSync("/proc/self/smaps", "latin1"),
      readlinkSync("/proc/self/exe"),
    );
    const system = libc();
    for (const { start, byteCount } of ranges) system.madvise(start, byteCount, MADV_DONTNEED);
  } catch {
    // No Linux, another libc, or code may not be made while running: the pages stay, as before.
  }
}
