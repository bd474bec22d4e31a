import { describe, expect, it } from "vitest";
import { Keyring, KeyringError } from "../src/keyring.ts";

const first = new Uint8Array(16).fill(1);
const second = new Uint8Array(24).fill(2);
const third = new Uint8Array(32).fill(3);

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof KeyringError) return error.code;
    throw error;
  }
  return "no refusal";
}

describe("Keyring (wire specification §4.4)", () => {
  it("is empty without keys, and encryption is off", () => {
    const keyring = Keyring.create();

    expect(keyring.isEmpty).toBe(true);
    expect(keyring.primary).toBeUndefined();
    expect(keyring.keys).toEqual([]);
  });

  it("refuses keys without a primary", () => {
    expect(refusal(() => Keyring.create([first]))).toBe("primary-missing");
  });

  it("puts the primary first, whether it is among the keys or not", () => {
    expect(Keyring.create([first, second], second).keys).toEqual([second, first]);
    expect(Keyring.create([first, second], third).keys).toEqual([third, first, second]);
    expect(Keyring.create([], first).keys).toEqual([first]);
  });

  it("counts duplicates once", () => {
    expect(Keyring.create([first, first, second, first], first).keys).toEqual([first, second]);
  });

  it.each([0, 3, 15, 17, 23, 25, 31, 33, 38])("refuses a key of %i bytes", (length) => {
    const key = new Uint8Array(length);

    expect(refusal(() => Keyring.create([], key))).toBe("key-size");
    expect(refusal(() => Keyring.create([first, key], first))).toBe("key-size");
    expect(refusal(() => Keyring.create().add(key))).toBe("key-size");
  });

  it("adds behind the others, and the first one added becomes the primary", () => {
    const keyring = Keyring.create();

    keyring.add(first);
    keyring.add(second);
    keyring.add(first);

    expect(keyring.keys).toEqual([first, second]);
    expect(keyring.primary).toEqual(first);
    expect(keyring.isEmpty).toBe(false);
  });

  it("tells keys of one length apart by every single byte, and keys by their length", () => {
    const almost = Array.from({ length: 16 }, (_, index) => {
      const key = first.slice();
      key[index] = 0xff;
      return key;
    });
    const longer = new Uint8Array(24).fill(1);
    const keyring = Keyring.create([...almost, longer], first);

    expect(keyring.keys).toEqual([first, ...almost, longer]);
    keyring.use(almost[15] ?? first);
    keyring.remove(longer);
    keyring.remove(almost[0] ?? first);

    expect(keyring.primary).toEqual(almost[15]);
    expect(keyring.keys).toEqual([almost[15], first, ...almost.slice(1, 15)]);
  });

  it("is left as it was by the removal of a key it has not", () => {
    const keyring = Keyring.create([second], first);

    keyring.remove(third);

    expect(keyring.keys).toEqual([first, second]);
    expect(new KeyringError("key-size", "").name).toBe("KeyringError");
  });

  it("moves a key that is used to the front", () => {
    const keyring = Keyring.create([first, second, third], first);

    keyring.use(third);
    expect(keyring.keys).toEqual([third, first, second]);
    keyring.use(third);
    expect(keyring.keys).toEqual([third, first, second]);
  });

  it("refuses to use a key it does not hold", () => {
    const keyring = Keyring.create([first], first);

    expect(refusal(() => keyring.use(second))).toBe("key-unknown");
    expect(refusal(() => Keyring.create().use(first))).toBe("key-unknown");
  });

  it("refuses to remove the primary, and takes an unknown key for removed", () => {
    const keyring = Keyring.create([first, second], first);

    expect(refusal(() => keyring.remove(first))).toBe("key-is-primary");
    keyring.remove(third);
    keyring.remove(second);

    expect(keyring.keys).toEqual([first]);
    expect(keyring.has(second)).toBe(false);
  });

  it("is changed neither through the keys it was given nor through those it hands out", () => {
    const mine = new Uint8Array(16).fill(1);
    const keyring = Keyring.create([], mine);
    const before = keyring.keys;

    mine.fill(9);
    keyring.add(second);
    keyring.use(second);

    expect(before).toEqual([first]);
    expect(keyring.keys).toEqual([second, first]);
  });

  it("never shows a key in an error", () => {
    const secret = new Uint8Array(32).fill(0x41);

    expect(() => Keyring.create([], first).use(secret)).toThrow(
      /^this key is not in the keyring: add it before/,
    );
  });
});
