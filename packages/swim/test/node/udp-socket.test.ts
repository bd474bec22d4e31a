import { describe, expect, it } from "vitest";
import { enlargeReceiveBuffer } from "../../src/node/udp-socket.ts";

describe("enlargeReceiveBuffer", () => {
  it("halves what it asks for until the system accepts it (§14)", () => {
    const asked: number[] = [];
    enlargeReceiveBuffer(
      {
        setRecvBufferSize: (bytes) => {
          asked.push(bytes);
          if (bytes > 600_000) throw new Error("ENOBUFS");
        },
      },
      2_097_152,
    );

    expect(asked).toEqual([2_097_152, 1_048_576, 524_288]);
  });

  it("gives up at 4 KiB, and lives with what there is", () => {
    const asked: number[] = [];
    enlargeReceiveBuffer(
      {
        setRecvBufferSize: (bytes) => {
          asked.push(bytes);
          throw new Error("ENOBUFS");
        },
      },
      16_384,
    );

    expect(asked).toEqual([16_384, 8_192, 4_096]);
  });
});
