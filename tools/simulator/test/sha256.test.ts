import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sha256 } from "@x/simulator";

describe("Sha256", () => {
  it("hashes the examples of FIPS 180-4", () => {
    const of = (text: string): string => new Sha256().update(Buffer.from(text)).digestHex();

    expect(of("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(of("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
  });

  it("agrees with OpenSSL in whatever pieces the bytes come", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 }), (pieces) => {
        const ours = new Sha256();
        const theirs = createHash("sha256");
        for (const piece of pieces) {
          ours.update(piece);
          theirs.update(piece);
        }

        expect(ours.digestHex()).toBe(theirs.digest("hex"));
      }),
      { numRuns: 500 },
    );
  });

  it("can be read in between", () => {
    const hash = new Sha256().update(Buffer.from("ab"));
    hash.digestHex();

    const digest = hash.update(Buffer.from("c")).digestHex();

    expect(digest).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
