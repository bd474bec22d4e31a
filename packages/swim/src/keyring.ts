/**
 * The keys a member reads and writes with.
 *
 * Keys are changed while the cluster runs: added everywhere, then used everywhere, then the old
 * one removed. In between members write with different keys, so each reads with all of its keys
 * and writes with the first, the primary.
 *
 * Source: wire specification §4.4.
 */

/**
 * - `key-size`: not 16, 24 or 32 bytes (AES-128, AES-192, AES-256).
 * - `primary-missing`: keys were given, but none to write with.
 * - `key-unknown`: a key is to be used that was not added.
 * - `key-is-primary`: the key to be removed is the one written with.
 */
export type KeyringErrorCode = "key-size" | "primary-missing" | "key-unknown" | "key-is-primary";

/** Why a keyring could not be made or changed. The texts never contain a key. */
export class KeyringError extends Error {
  /** What to branch on. */
  readonly code: KeyringErrorCode;

  /**
   * @param code - what to branch on.
   * @param message - for people.
   */
  constructor(code: KeyringErrorCode, message: string) {
    super(message);
    this.name = "KeyringError";
    this.code = code;
  }
}

/**
 * An ordered set of AES keys, primary first.
 *
 * @example
 * const keyring = Keyring.create([], new Uint8Array(16));
 * keyring.add(new Uint8Array(32));
 * keyring.keys.length; // => 2
 */
export class Keyring {
  /** Replaced, never changed: an array once handed out stays as it is. */
  #keys: readonly Uint8Array[] = [];

  private constructor() {}

  /**
   * A new keyring.
   *
   * @param keys - copied; duplicates count once. Empty by default: encryption is off until a key is added.
   * @param primary - the key to write with; put first, whether it is among `keys` or not.
   * @throws {KeyringError} `primary-missing` if there are keys but no primary; `key-size`.
   */
  static create(keys: readonly Uint8Array[] = [], primary?: Uint8Array): Keyring {
    const keyring = new Keyring();
    if (primary === undefined) {
      if (keys.length > 0) {
        throw new KeyringError(
          "primary-missing",
          `${keys.length} keys were given but no primary key: name the one to encrypt with`,
        );
      }
      return keyring;
    }
    keyring.add(primary);
    for (const key of keys) keyring.add(key);
    return keyring;
  }

  /** All keys, primary first. Later changes do not touch this array; never change the keys in it. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** The key to write with; none while the keyring is empty. */
  get primary(): Uint8Array | undefined {
    return this.#keys[0];
  }

  /** Whether encryption is off for want of a key. */
  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** Whether this member can read what was written with `key`. */
  has(key: Uint8Array): boolean {
    return this.#indexOf(key) >= 0;
  }

  /**
   * Begins to read with `key`. No effect if it is present; the first key becomes the primary.
   *
   * @throws {KeyringError} `key-size`.
   */
  add(key: Uint8Array): void {
    checkKeySize(key);
    if (!this.has(key)) this.#keys = [...this.#keys, Uint8Array.from(key)];
  }

  /**
   * Begins to write with `key`: makes it the primary. The others keep their order behind it.
   *
   * @throws {KeyringError} `key-unknown` if it was not added before.
   */
  use(key: Uint8Array): void {
    const index = this.#indexOf(key);
    const found = this.#keys[index];
    if (found === undefined) {
      throw new KeyringError(
        "key-unknown",
        "this key is not in the keyring: add it before using it",
      );
    }
    this.#keys = [found, ...this.#keys.slice(0, index), ...this.#keys.slice(index + 1)];
  }

  /**
   * Stops reading with `key`. No effect if it is absent.
   *
   * @throws {KeyringError} `key-is-primary` if it is the one written with.
   */
  remove(key: Uint8Array): void {
    const index = this.#indexOf(key);
    if (index === 0) {
      throw new KeyringError(
        "key-is-primary",
        "the primary key cannot be removed: use another one first",
      );
    }
    if (index > 0) this.#keys = this.#keys.filter((_, i) => i !== index);
  }

  #indexOf(key: Uint8Array): number {
    return this.#keys.findIndex(
      (known) => known.length === key.length && known.every((byte, i) => byte === key[i]),
    );
  }
}

function checkKeySize(key: Uint8Array): void {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    throw new KeyringError("key-size", `a key has 16, 24 or 32 bytes, not ${key.length}`);
  }
}
