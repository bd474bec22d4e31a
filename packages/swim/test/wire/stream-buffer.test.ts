/** Memory of streams: what is in it, and what is kept of it. */
import { describe, expect, it } from "vitest";
import { SPARE_LIMIT_BYTES, spareBytes, StreamBuffer } from "../../src/wire/stream-buffer.ts";

const KIB = 1_024;

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

describe("the memory of a stream", () => {
  it("holds what was appended, in order, and no trace of a stream before", () => {
    const first = new StreamBuffer();
    for (let part = 0; part < 8; part += 1) first.append(filled(16 * KIB, 7));
    first.release();
    expect(first.length).toBe(0);

    const second = new StreamBuffer();
    for (let part = 1; part <= 5; part += 1) second.append(filled(9 * KIB, part));
    second.discard(9 * KIB);
    second.append(filled(3, 6));
    expect(second.length).toBe(4 * 9 * KIB + 3);
    expect([...new Set(second.view(second.length))]).toEqual([2, 3, 4, 5, 6]);
    expect(second.at(second.length)).toBeUndefined();
    second.release();
  });

  it("is used again by a later stream", () => {
    const first = new StreamBuffer();
    first.append(filled(100 * KIB, 1));
    const memory = first.bytes;
    first.release();

    const second = new StreamBuffer();
    second.append(filled(90 * KIB, 2));
    expect(second.bytes).toBe(memory);
    const third = new StreamBuffer();
    third.append(filled(90 * KIB, 3));
    expect(third.bytes).not.toBe(memory);
    expect(second.at(0)).toBe(2);
    second.release();
    third.release();
  });

  it("is kept up to a limit, the larger pieces rather than the smaller ones", () => {
    const buffers = Array.from({ length: 12 }, (_, index) => {
      const buffer = new StreamBuffer();
      buffer.append(filled((index + 1) * 100 * KIB, index));
      return buffer;
    });
    const largest = buffers.at(-1)?.bytes;
    for (const buffer of buffers) buffer.release();
    expect(spareBytes()).toBeGreaterThan(SPARE_LIMIT_BYTES / 2);
    expect(spareBytes()).toBeLessThanOrEqual(SPARE_LIMIT_BYTES);
    const next = new StreamBuffer();
    next.append(filled(1_200 * KIB, 9));
    expect(next.bytes).toBe(largest);
    next.release();

    const huge = new StreamBuffer();
    huge.append(filled(SPARE_LIMIT_BYTES, 1));
    const before = spareBytes();
    huge.release();
    expect(spareBytes()).toBe(before);
  });

  it("is not kept where it is little, or belongs to somebody else", () => {
    const before = spareBytes();
    const small = new StreamBuffer();
    small.append(filled(4 * KIB, 1));
    small.release();
    const given = new StreamBuffer();
    given.replace(filled(64 * KIB, 1));
    given.release();
    expect(spareBytes()).toBe(before);
  });

  it("is left alone while what it is replaced by lies within it", () => {
    const buffer = new StreamBuffer();
    buffer.append(filled(64 * KIB, 5));
    const before = spareBytes();
    buffer.replace(buffer.view(40 * KIB).subarray(10));
    expect(spareBytes()).toBe(before);
    buffer.append(filled(100 * KIB, 6));
    expect(buffer.at(0)).toBe(5);
    expect(buffer.at(40 * KIB - 10)).toBe(6);
    buffer.release();
  });
});
