import { Keyring } from "@x/swim";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../src/base64.ts";
import { KeyManager, type KeyOutcome } from "../src/key-manager.ts";
import type { KeyResponseMessage, SerfMessage } from "../src/wire/message.ts";
import { encodeSerfMessage } from "../src/wire/message-codec.ts";
import { Rooms } from "./support/rooms.ts";

const KEY = new Uint8Array(16).fill(1);
const OTHER = new Uint8Array(16).fill(2);
const TEXT = encodeBase64(OTHER);

function keyAnswer(overrides: Partial<KeyResponseMessage> = {}): Uint8Array {
  return encodeSerfMessage({
    kind: "key-response",
    result: true,
    message: "",
    keys: undefined,
    primaryKey: "",
    ...overrides,
  });
}

/** A member with two others, whose own ring lies open, and who wrote down the outcomes. */
class KeyStory {
  readonly keyring: Keyring;
  readonly rooms: Rooms;
  readonly keys: KeyManager;
  readonly outcomes: KeyOutcome[] = [];
  readonly settled = (outcome: KeyOutcome): void => void this.outcomes.push(outcome);

  constructor(saveKeyring?: (keys: readonly Uint8Array[], settled: (f?: string) => void) => void) {
    this.keyring = Keyring.create([], KEY);
    this.rooms = new Rooms({
      options: {
        swim: {
          advertiseEndpoint: { address: "10.0.0.1", port: 7_946 },
          keyring: this.keyring,
        },
      },
      environment: saveKeyring === undefined ? {} : { saveKeyring },
    })
      .joined("bar")
      .joined("baz");
    this.keys = new KeyManager(this.rooms.context, this.rooms.queries);
  }

  /** The query on its way. */
  query(): Extract<SerfMessage, { kind: "query" }> {
    const query = this.rooms.packet().find(({ kind }) => kind === "query");
    this.rooms.context.queues.clear();
    if (query?.kind !== "query") throw new Error("no query is on its way");
    return query;
  }

  answer(from: string, payload: Uint8Array): this {
    const { lamportTime, id } = this.#asked ?? (this.#asked = this.query());
    this.rooms.receive({ kind: "query-response", lamportTime, id, from, flags: 0, payload });
    return this;
  }
  #asked: Extract<SerfMessage, { kind: "query" }> | undefined;

  outcome(): KeyOutcome {
    const [outcome] = this.outcomes;
    if (outcome === undefined) throw new Error("no outcome yet");
    return outcome;
  }
}

describe("KeyManager (Serf specification §12)", () => {
  it("installs everywhere, and ends when all have answered", () => {
    const story = new KeyStory();

    story.keys.install(TEXT, {}, 0, story.settled);
    story.rooms.advance(0);
    story.answer("bar", keyAnswer()).answer("baz", keyAnswer());

    expect(story.outcome()).toMatchObject({ memberCount: 3, responseCount: 3, errorCount: 0 });
    expect(story.outcome().error).toBeUndefined();
    expect(story.outcome().primaryKeys).toEqual(new Map([["", 3]]));
    expect(story.keyring.keys).toEqual([KEY, OTHER]);
  });

  it("tells who failed and why, and counts in the reference's words", () => {
    const story = new KeyStory();
    story.keys.use(TEXT, {}, 0, story.settled);
    story.rooms.advance(0);

    story.answer("bar", keyAnswer()).answer("baz", new Uint8Array([99]));

    expect(story.outcome().error).toBe("2/3 nodes reported failure");
    expect(story.outcome().messages.get("self")).toBe("Requested key is not in the keyring");
    expect(story.outcome().messages.has("baz")).toBe(true);
    expect(story.outcome().messages.has("bar")).toBe(false);
  });

  it("says how many answered when some did not in time", () => {
    const story = new KeyStory();
    story.keys.install(TEXT, {}, 0, story.settled);
    story.rooms.advance(0);
    story.answer("bar", keyAnswer());

    story.rooms.advance(3_200);

    expect(story.outcome().error).toBe("2/3 nodes reported success");
  });

  it("lists every key with the number of members that hold it, and the primary ones", () => {
    const story = new KeyStory();
    story.keys.list({}, 0, story.settled);
    story.rooms.advance(0);
    const primaryKey = encodeBase64(KEY);

    story
      .answer("bar", keyAnswer({ keys: [primaryKey, TEXT], primaryKey }))
      .answer("baz", keyAnswer({ keys: [primaryKey], primaryKey, message: "truncated" }));

    expect(story.outcome().keys).toEqual(
      new Map([
        [primaryKey, 3],
        [TEXT, 1],
      ]),
    );
    expect(story.outcome().primaryKeys).toEqual(new Map([[primaryKey, 3]]));
    expect(story.outcome().messages).toEqual(new Map([["baz", "truncated"]]));
    expect(story.outcome().error).toBeUndefined();
  });

  it("refuses text that is not base64, in the reference's words", () => {
    const story = new KeyStory();
    expect(() => story.keys.install("!", {}, 0, story.settled)).toThrow(
      "illegal base64 data at input byte 0",
    );
  });

  it("refuses a relay factor out of bounds at once, and goes on working", () => {
    const story = new KeyStory();

    expect(() => story.keys.install(TEXT, { relayFactor: 256 }, 0, story.settled)).toThrow(
      "relayFactor is 256: choose a whole number from 0 to 255",
    );
    story.keys.use(TEXT, {}, 0, story.settled);

    expect(story.query().name).toBe("_serf_use-key");
  });

  it("makes changes wait for each other and for lists, while lists overlap", () => {
    const story = new KeyStory();
    story.keys.list({}, 0, story.settled);
    story.keys.list({}, 0, story.settled);
    story.keys.install(TEXT, {}, 0, story.settled);
    story.keys.list({}, 0, story.settled);
    expect(story.rooms.queries.outstandingCount).toBe(2);

    story.rooms.advance(3_200);
    expect(story.outcomes).toHaveLength(2);
    expect(story.rooms.queries.outstandingCount).toBe(1);
    story.rooms.advance(3_200);
    expect(story.outcomes).toHaveLength(3);
    story.rooms.advance(3_200);

    expect(story.outcomes).toHaveLength(4);
  });
});

describe("KeyResponder (Serf specification §11.2)", () => {
  it.each([
    ["use", OTHER, "Requested key is not in the keyring"],
    ["remove", KEY, "Removing the primary key is not allowed"],
    ["install", new Uint8Array(5), "key size must be 16, 24 or 32 bytes"],
  ] as const)("refuses to %s what it must not", (operation, key, text) => {
    const story = new KeyStory();
    story.keys[operation](encodeBase64(key), {}, 0, story.settled);

    story.rooms.advance(3_200);

    expect(story.outcome().messages.get("self")).toBe(text);
    expect(story.keyring.keys).toEqual([KEY]);
  });

  it("removes an absent key and installs a present one with success", () => {
    const story = new KeyStory();
    story.keys.remove(TEXT, {}, 0, story.settled);
    story.keys.install(encodeBase64(KEY), {}, 0, story.settled);

    story.rooms.advance(10_000);

    expect(story.outcomes.map(({ errorCount }) => errorCount)).toEqual([0, 0]);
  });

  it("uses a new ring only after it is on the disk", () => {
    let finish: ((failure?: string) => void) | undefined;
    const story = new KeyStory((_keys, settled) => (finish = settled));
    story.keys.install(TEXT, {}, 0, story.settled);
    expect(story.keyring.keys).toEqual([KEY]);

    finish?.();

    expect(story.keyring.keys).toEqual([KEY, OTHER]);
  });

  it("keeps the old ring if the disk fails, and says why", () => {
    const story = new KeyStory((_keys, settled) => settled("disk full"));
    story.keys.install(TEXT, {}, 0, story.settled);

    story.rooms.advance(3_200);

    expect(story.keyring.keys).toEqual([KEY]);
    expect(story.outcome().messages.get("self")).toBe("disk full");
  });

  it("does one operation after the other, though the disk is slow", () => {
    const saved: { keys: readonly Uint8Array[]; settled: (failure?: string) => void }[] = [];
    const story = new KeyStory((keys, settled) => saved.push({ keys, settled }));
    const ask = (id: number, operation: string, key: Uint8Array): void => {
      story.rooms.receive({
        kind: "query",
        lamportTime: 9n,
        id,
        address: new Uint8Array([10, 0, 0, 9]),
        port: 1,
        sourceNode: "asker",
        filters: undefined,
        flags: 0,
        relayFactor: 0,
        timeoutNs: 10n ** 10n,
        name: `_serf_${operation}-key`,
        payload: encodeSerfMessage({ kind: "key-request", key }),
      });
    };
    ask(1, "install", OTHER);
    ask(2, "use", OTHER);
    expect(saved).toHaveLength(1);

    saved[0]?.settled();
    saved[1]?.settled();

    expect(saved[1]?.keys).toEqual([OTHER, KEY]);
    expect(story.keyring.primary).toEqual(OTHER);
  });

  it("lets no more changes wait for a slow disk than the limit", () => {
    const story = new KeyStory(() => undefined);
    for (let id = 0; id < 100; id += 1) {
      story.rooms.receive({
        kind: "query",
        lamportTime: 9n,
        id,
        address: new Uint8Array([10, 0, 0, 9]),
        port: 1,
        sourceNode: "asker",
        filters: undefined,
        flags: 0,
        relayFactor: 0,
        timeoutNs: 10n ** 10n,
        name: "_serf_install-key",
        payload: encodeSerfMessage({ kind: "key-request", key: OTHER }),
      });
    }

    const refused = story.rooms.takeSent();

    // One is with the disk, 64 wait.
    expect(refused).toHaveLength(35);
    const message = "too many key operations are waiting";
    expect(refused[0]?.message).toMatchObject({ payload: keyAnswer({ result: false, message }) });
  });

  it("answers that encryption is off, and takes a payload that is none for a failure", () => {
    const rooms = new Rooms().joined("bar");
    const ask = (id: number, name: string, payload: Uint8Array): SerfMessage | undefined => {
      rooms.receive({
        kind: "query",
        lamportTime: 9n,
        id,
        address: new Uint8Array([10, 0, 0, 9]),
        port: 1,
        sourceNode: "asker",
        filters: undefined,
        flags: 0,
        relayFactor: 0,
        timeoutNs: 10n ** 9n,
        name,
        payload,
      });
      return rooms.takeSent().at(-1)?.message;
    };
    const request = encodeSerfMessage({ kind: "key-request", key: OTHER });

    expect(ask(1, "_serf_install-key", request)).toMatchObject({
      payload: keyAnswer({
        result: false,
        message: "No keyring to modify (encryption not enabled)",
      }),
    });
    expect(ask(2, "_serf_list-keys", request)).toMatchObject({
      payload: keyAnswer({ result: false, message: "Keyring is empty (encryption not enabled)" }),
    });
    const failed = { payload: keyAnswer({ result: false }) };
    expect(ask(3, "_serf_use-key", new Uint8Array(0))).toMatchObject(failed);
    expect(ask(4, "_serf_use-key", new Uint8Array([3, 0x80]))).toMatchObject(failed);
  });
});

describe("InternalQueries (Serf specification §11)", () => {
  it("swallows pings and unknown internal names, and lets others pass", () => {
    const rooms = new Rooms().joined("bar");
    rooms.events.length = 0;

    for (const name of ["_serf_ping", "_serf_unknown", "serf_", "load"]) {
      rooms.queries.ask(name, undefined, {}, {}, rooms.nowMs);
    }

    expect(rooms.settle().story()).toEqual(["query serf_", "query load"]);
    expect(rooms.reported("internal-query-unknown")).toHaveLength(1);
  });
});
