/** Why a keyring refused. */
export type KeyringErrorCode = "key-size" | "primary-missing" | "key-unknown" | "key-is-primary";

/** A keyring operation that cannot be done. */
export class KeyringError extends Error {
  readonly code: KeyringErrorCode;

  constructor(code: KeyringErrorCode, message: string) {
    super(message);
    this.name = "KeyringError";
    this.code = code;
  }
}

/** The keys a member can read with; the first one, the primary, is the one it writes with. */
export class Keyring {
  #keys: readonly Uint8Array[] = [];

  /** @throws {KeyringError} `key-size`, or `primary-missing` when there are keys but no primary. */
  static create(keys: readonly Uint8Array[] = [], primary?: Uint8Array): Keyring {
    throw new Error(`${keys.length} ${primary}`);
  }

  /** Primary first. A snapshot: later changes make a new array. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }
  get primary(): Uint8Array | undefined {
    return this.#keys[0];
  }
  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }
  has(key: Uint8Array): boolean {
    return this.#keys.includes(key);
  }
  /** No effect if present; the first key becomes primary. @throws {KeyringError} `key-size`. */
  add(key: Uint8Array): void {
    throw new Error(String(key));
  }
  /** Makes a present key primary. @throws {KeyringError} `key-unknown`. */
  use(key: Uint8Array): void {
    throw new Error(String(key));
  }
  /** No effect if absent. @throws {KeyringError} `key-is-primary`. */
  remove(key: Uint8Array): void {
    throw new Error(String(key));
  }
}
