/**
 * Does what a key query asks for: on this member's own ring and its file.
 *
 * Deviation: the changed ring is written first and taken into use when that has succeeded; the
 * reference changes first, and a full disk leaves ring and file apart.
 *
 * Source: Serf specification §11.2, §11.3; its weaknesses 19 and 32.
 */
import { Keyring, KeyringError } from "@x/swim";
import { WireError } from "@x/swim/wire";
import { SerfError } from "./errors.ts";
import { encodeKeyListAnswer } from "./key-response.ts";
import type { DeliveredQuery } from "./query-responder.ts";
import type { SerfContext } from "./serf-context.ts";
import { decodeKeyRequest, encodeSerfMessage } from "./wire/message-codec.ts";

/** What may be done with a key: read with it, write with it, forget it; or tell all. */
export type KeyOperation = "install" | "use" | "remove" | "list";

/** Changes waiting for the disk. People change keys one at a time; strangers may not pile them up. */
const WAITING_LIMIT = 64;

const NO_KEY = new Uint8Array(0);

/** Texts the reference's users know. Source: RPC specification, keys. */
const TEXT: Readonly<Record<KeyringError["code"], string>> = {
  "key-size": "key size must be 16, 24 or 32 bytes",
  "primary-missing": "key size must be 16, 24 or 32 bytes",
  "key-unknown": "Requested key is not in the keyring",
  "key-is-primary": "Removing the primary key is not allowed",
};

/** Answers key queries, one operation after the other. */
export class KeyResponder {
  readonly #context: SerfContext;
  /** Operations wait for each other: each must see the ring the one before it left. */
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  constructor(context: SerfContext) {
    this.#context = context;
  }

  answer(operation: KeyOperation, query: DeliveredQuery, nowMs: number): void {
    let key: Uint8Array;
    try {
      key = decodeKeyRequest(query.payload).key ?? NO_KEY;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#finish(operation, query, false, "", nowMs);
      return;
    }
    const { keyring } = this.#context.swim;
    if (keyring === undefined || keyring.isEmpty) {
      const text =
        operation === "list"
          ? "Keyring is empty (encryption not enabled)"
          : "No keyring to modify (encryption not enabled)";
      this.#finish(operation, query, false, text, nowMs);
    } else if (operation === "list") this.#list(query, keyring, nowMs);
    else if (this.#waiting.length >= WAITING_LIMIT) {
      this.#finish(operation, query, false, "too many key operations are waiting", nowMs);
    } else this.#enqueue(() => this.#change(operation, query, keyring, key));
  }

  #list(query: DeliveredQuery, keyring: Keyring, nowMs: number): void {
    const { lamportTime, id } = query.message;
    const encoded = encodeKeyListAnswer({
      lamportTime,
      id,
      from: this.#context.name,
      keys: keyring.keys,
      bytesLimit: this.#context.options.queryResponseSizeLimit,
    });
    this.#context.report({ kind: "key-operation", operation: "list" });
    if (encoded !== undefined) query.answerEncoded(encoded, nowMs);
  }

  #change(
    operation: Exclude<KeyOperation, "list">,
    query: DeliveredQuery,
    keyring: Keyring,
    key: Uint8Array,
  ): void {
    const wanted = Keyring.create(keyring.keys, keyring.primary);
    const problem = changeRing(wanted, operation, key);
    if (problem !== undefined) return this.#settle(operation, query, problem);
    const { environment } = this.#context;
    const apply = (failure?: string): void => {
      const late = failure ?? changeRing(keyring, operation, key);
      this.#settle(operation, query, late);
    };
    if (environment.saveKeyring === undefined) apply();
    else environment.saveKeyring(wanted.keys, apply);
  }

  #enqueue(operation: () => void): void {
    this.#waiting.push(operation);
    if (!this.#isBusy) this.#next();
  }

  #next(): void {
    const operation = this.#waiting.shift();
    this.#isBusy = operation !== undefined;
    operation?.();
  }

  #settle(operation: KeyOperation, query: DeliveredQuery, failure: string | undefined): void {
    this.#finish(operation, query, failure === undefined, failure ?? "", this.#context.nowMs);
    this.#next();
  }

  #finish(
    operation: KeyOperation,
    query: DeliveredQuery,
    result: boolean,
    message: string,
    nowMs: number,
  ): void {
    this.#context.report({
      kind: "key-operation",
      operation,
      ...(result ? {} : { failure: message }),
    });
    const answer = encodeSerfMessage({
      kind: "key-response",
      result,
      message,
      keys: undefined,
      primaryKey: "",
    });
    try {
      query.answer(answer, nowMs);
    } catch (error) {
      // The disk took longer than the asker waits: the change stands, only nobody hears of it.
      if (!(error instanceof SerfError)) throw error;
      this.#context.report({
        kind: "answer-failed",
        query: query.message.name,
        asker: undefined,
        message: error.message,
      });
    }
  }
}

/** @returns what the ring has against it. */
function changeRing(
  ring: Keyring,
  operation: Exclude<KeyOperation, "list">,
  key: Uint8Array,
): string | undefined {
  try {
    if (operation === "install") ring.add(key);
    else if (operation === "use") ring.use(key);
    else ring.remove(key);
    return undefined;
  } catch (error) {
    if (error instanceof KeyringError) return TEXT[error.code];
    throw error;
  }
}
