import * as nodeNet from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isIP, isIPv4, isIPv6 } from "../../src/one-file/ip-version.ts";
import { BlockList, connect } from "../../src/one-file/net.ts";
import { WriterOutput } from "../../src/one-file/stdout.ts";

describe("addresses", () => {
  it.each([
    "127.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "256.0.0.1",
    "1.2.3",
    "1.2.3.4.",
    "01.2.3.4",
    "1.2.3.4:7946",
    " 1.2.3.4",
    "::",
    "::1",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "2001:db8::g",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::",
    "1:2:3:4:5:6:7:8::",
    "1:2:3:4:5:6:1.2.3.4",
    "1.2.3.4::",
    "1::2::3",
    ":::",
    "12345::",
    "::1%",
    "::1%eth0/1",
    "localhost",
    "",
    ":",
  ])("are what Node takes them for: %j", (text) => {
    expect([isIP(text), isIPv4(text), isIPv6(text)]).toEqual([
      nodeNet.isIP(text),
      nodeNet.isIPv4(text),
      nodeNet.isIPv6(text),
    ]);
  });

  it("are what Node takes them for, whatever is put together of their parts (a law)", () => {
    const part = fc.constantFrom(":", "::", "1", "ffff", "0", "g", ".", "10.0.0.1", "12345", "");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 17 }), (parts) => {
        const text = parts.join("");
        expect([text, isIP(text)]).toEqual([text, nodeNet.isIP(text)]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are what Node takes them for, up to nine groups anywhere around what may be left out (a law)", () => {
    const group = fc.integer({ min: 0, max: 0x1_0fff }).map((value) => value.toString(16));
    const groups = fc.array(group, { maxLength: 5 }).map((all) => all.join(":"));
    fc.assert(
      fc.property(groups, fc.constantFrom("::", ":", ""), groups, (head, middle, tail) => {
        const text = `${head}${middle}${tail}`;
        expect([text, isIPv6(text)]).toEqual([text, nodeNet.isIPv6(text)]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("can be listed by Node's own list", () => {
    const list = new BlockList();
    list.addSubnet("10.0.0.0", 8, "ipv4");

    expect([list.check("10.1.2.3"), list.check("11.1.2.3")]).toEqual([true, false]);
  });
});

describe("connect", () => {
  it("leaves names of hosts to Node", () => {
    const socket = connect({ host: "localhost", port: 1 });
    socket.on("error", () => {});

    expect(socket).toBeInstanceOf(nodeNet.Socket);
    socket.destroy();
  });

  it("needs Bun for an address", () => {
    expect(() => connect({ host: "127.0.0.1", port: 1 })).toThrow("these sockets need Bun");
  });
});

describe("WriterOutput", () => {
  it("tells of everything written before only once that has left", async () => {
    const left: string[] = [];
    let release = (): void => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const output = new WriterOutput({ write: (text) => left.push(text), flush: () => slow });
    let isWritten = false;

    output.write("text");
    const written = new Promise<void>((resolve) => output.write("", resolve)).then(() => {
      isWritten = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const isWrittenBefore = isWritten;
    release();
    await written;

    expect([left, isWrittenBefore, isWritten]).toEqual([["text"], false, true]);
  });

  it("tells its listeners that the reader is gone, and goes on", async () => {
    const faults: string[] = [];
    const gone = (): Promise<never> => Promise.reject(new Error("EPIPE"));
    const output = new WriterOutput({ write: gone, flush: gone });
    output.on("error", (error) => faults.push(error.message));

    await new Promise<void>((resolve) => output.write("text", resolve));

    expect([faults, output.listenerCount()]).toEqual([["EPIPE"], 1]);
  });
});
