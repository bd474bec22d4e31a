/**
 * The keyring in a file: a JSON array of base64 keys, primary first.
 *
 * Deviation: the reference overwrites the file in place, and a crash at the wrong moment loses all
 * keys. Here a new file is written, synced and renamed over the old one.
 * Source: Serf specification §12, §20 item 31.
 */
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { Base64Error, decodeBase64, encodeBase64 } from "../base64.ts";
import { nodeSnapshotFilesystem } from "./snapshot-filesystem.ts";

/** Keys are secrets: nobody but the owner reads them. Source: Serf specification §12. */
const keyringMode = 0o600;

/** Lengths of AES-128, AES-192 and AES-256 keys, in bytes. */
const keyLengths: readonly number[] = [16, 24, 32];

/** Why a keyring file is of no use. */
export type KeyringFileErrorCode = "unreadable" | "not-a-keyring" | "invalid-key" | "empty";

/** A keyring file that holds no usable keyring. */
export class KeyringFileError extends Error {
  readonly code: KeyringFileErrorCode;

  constructor(code: KeyringFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "KeyringFileError";
    this.code = code;
  }
}

/**
 * The text of a keyring file, as the reference writes it: one key per line, indented by two
 * spaces, without a line break at the end.
 *
 * @param keys - raw keys, primary first.
 */
export function keyringFileText(keys: readonly Uint8Array[]): string {
  return JSON.stringify(keys.map(encodeBase64), undefined, 2);
}

/**
 * The keys in the text of a keyring file, primary first.
 *
 * @throws {KeyringFileError} `not-a-keyring`, `invalid-key` or `empty`.
 */
export function parseKeyringFile(text: string): readonly Uint8Array[] {
  const texts = parseTexts(text);
  if (texts.length === 0) throw new KeyringFileError("empty", "the keyring file holds no keys");
  return texts.map(parseKey);
}

/**
 * Reads a keyring file; primary first.
 *
 * @throws {KeyringFileError} `unreadable` with the file system's error as `cause`, or as
 *   `parseKeyringFile`.
 */
export async function readKeyringFile(path: string): Promise<readonly Uint8Array[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new KeyringFileError("unreadable", `cannot read keyring file ${path}`, { cause });
  }
  return parseKeyringFile(text);
}

/**
 * Writes a keyring file in one step: whoever reads sees the old keys or the new ones.
 *
 * @param keys - raw keys, primary first.
 * @throws the file system's error; the old file is untouched then.
 */
export async function writeKeyringFile(path: string, keys: readonly Uint8Array[]): Promise<void> {
  // Two writers never share a temporary file, and none is left behind readable.
  const temporaryPath = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporaryPath, "wx", keyringMode);
    try {
      await file.writeFile(keyringFileText(keys));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw error;
  }
  await nodeSnapshotFilesystem.syncDirectory(path);
}

function parseTexts(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new KeyringFileError("not-a-keyring", "the keyring file is not JSON", { cause });
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new KeyringFileError("not-a-keyring", "the keyring file is not a list of texts");
  }
  return value;
}

function parseKey(text: string): Uint8Array {
  let key: Uint8Array;
  try {
    key = decodeBase64(text);
  } catch (cause) {
    if (!(cause instanceof Base64Error)) throw cause;
    throw new KeyringFileError("invalid-key", cause.message, { cause });
  }
  if (!keyLengths.includes(key.length)) {
    throw new KeyringFileError("invalid-key", "key size must be 16, 24 or 32 bytes");
  }
  return key;
}
