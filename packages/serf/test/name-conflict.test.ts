import { describe, expect, it } from "vitest";
import { NameConflicts } from "../src/name-conflict.ts";
import { encodeSerfMessage } from "../src/wire/message-codec.ts";
import { Rooms, type RoomsSetup } from "./support/rooms.ts";
import { swimMember } from "./support/scripted-swim.ts";

const OWN = new Uint8Array([10, 0, 0, 1]);
const OWN_MAPPED = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1]);
const HIGHER = new Uint8Array([10, 0, 0, 2]);
const HIGHER_STILL = new Uint8Array([16, 0, 0, 1]);
const LOWER = new Uint8Array([9, 0, 0, 1]);
const NO_ADDRESS = new Uint8Array([1, 2, 3, 4, 5]);

/** A vote for an address, and for a port unless it is the usual one. */
type Ballot =
  Uint8Array | undefined | { readonly address: Uint8Array | undefined; readonly port: number };

class Vote {
  readonly rooms: Rooms;
  lostCount = 0;
  readonly conflicts: NameConflicts;

  constructor(setup: RoomsSetup = {}) {
    this.rooms = new Rooms(setup);
    for (const name of ["a", "b", "c", "d", "e"]) this.rooms.joined(name);
    const lose = (): void => void (this.lostCount += 1);
    this.conflicts = new NameConflicts(this.rooms.context, this.rooms.queries, lose);
  }

  notice(name: string = "self"): this {
    this.conflicts.handle(swimMember(name), swimMember(name, { addressBytes: HIGHER }), 0);
    this.rooms.settle();
    return this;
  }

  /** Votes of `a`, `b`, … in order; `undefined` = does not know the name. */
  cast(...ballots: readonly Ballot[]): this {
    const query = this.rooms.packet().find(({ kind }) => kind === "query");
    if (query?.kind !== "query") throw new Error("no vote is under way");
    if (query.name !== "_serf_conflict") throw new Error(`the vote is called ${query.name}`);
    for (const [index, ballot] of ballots.entries()) {
      const isOfPort = ballot !== undefined && "port" in ballot;
      const payload = encodeSerfMessage({
        kind: "conflict-response",
        member:
          ballot === undefined
            ? undefined
            : {
                name: "self",
                address: isOfPort ? ballot.address : ballot,
                port: isOfPort ? ballot.port : 7_946,
                tags: undefined,
                status: 1,
                protocolMin: 1,
                protocolMax: 5,
                protocolCurrent: 2,
                delegateMin: 2,
                delegateMax: 5,
                delegateCurrent: 4,
              },
      });
      const { lamportTime, id } = query;
      const from = "abcde".charAt(index);
      this.rooms.receive({ kind: "query-response", lamportTime, id, from, flags: 0, payload });
    }
    this.rooms.advance(3_200);
    return this;
  }
}

describe("NameConflicts (Serf specification §11.1)", () => {
  it.each([
    ["a majority for it", [OWN, OWN, HIGHER], 0],
    ["a majority in the other address form", [OWN_MAPPED, OWN_MAPPED, HIGHER], 0],
    ["a minority for it", [OWN, HIGHER, HIGHER], 1],
    ["no vote at all", [], 0],
    ["nobody who knows the name", [undefined, undefined], 0],
    ["one vote for it among newcomers", [OWN, undefined, undefined, undefined], 0],
    ["a draw with a higher address", [OWN, HIGHER], 0],
    ["a draw with a lower address", [OWN, LOWER], 1],
    ["a draw among three", [OWN, OWN, HIGHER, LOWER], 1],
    ["a draw among three of whom it is the lowest", [OWN, OWN, HIGHER, HIGHER_STILL], 1],
    ["a draw with a higher first byte", [OWN, HIGHER_STILL], 0],
    ["a draw with a higher port", [OWN, { address: OWN, port: 17_946 }], 0],
    ["a majority for it that is counted late", [HIGHER, OWN, OWN], 0],
    ["votes for what is no address", [NO_ADDRESS, NO_ADDRESS, NO_ADDRESS], 0],
    ["votes for no address at all", [{ address: undefined, port: 1 }], 0],
  ] as const)("%s: shut down %s → %d", (_what, votes, lost) => {
    expect(new Vote().notice().cast(...votes).lostCount).toBe(lost);
  });

  it("holds one vote at a time, however many notices come", () => {
    const vote = new Vote().notice().notice().notice();
    expect(vote.rooms.queries.outstandingCount).toBe(1);

    vote.cast(OWN).notice();

    expect(vote.rooms.queries.outstandingCount).toBe(1);
  });

  it("holds none after shutdown, and decides none that shutdown has ended", () => {
    const late = new Vote();
    late.rooms.context.state = "shutdown";
    const ended = new Vote().notice();
    ended.rooms.context.state = "shutdown";
    ended.rooms.queries.endAll();

    expect(late.notice().rooms.queries.outstandingCount).toBe(0);
    expect(ended.rooms.settle().reported("name-conflict-voted")).toEqual([]);
  });

  it("puts it off while too many questions are under way", () => {
    const vote = new Vote({ options: { outstandingQueryLimit: 1 } });
    const other = vote.rooms.queries.ask("load", undefined, {}, {}, 0);
    vote.notice();
    other.close();
    vote.rooms.context.queues.clear();

    vote.notice().cast(HIGHER, HIGHER);

    expect(vote.lostCount).toBe(1);
  });

  it("hides no mistake of its surroundings", () => {
    const random = (): number => {
      throw new TypeError("no chance");
    };

    expect(() => new Vote({ environment: { random } }).notice()).toThrow("no chance");
  });

  it("only reports a conflict about somebody else's name, or if resolution is off", () => {
    const vote = new Vote().notice("bar");

    expect(vote.rooms.queries.outstandingCount).toBe(0);
    expect(vote.rooms.reported("name-conflict")).toMatchObject([
      { isOwn: false, isPutToVote: true },
    ]);
  });

  it("takes what is no vote for no vote", () => {
    const vote = new Vote().notice();
    const query = vote.rooms.packet().find(({ kind }) => kind === "query");
    if (query?.kind !== "query") throw new Error("no vote is under way");
    const { lamportTime, id } = query;
    const payload = new Uint8Array([9]);
    vote.rooms.receive({ kind: "query-response", lamportTime, id, from: "a", flags: 0, payload });

    vote.rooms.advance(3_200);

    expect(vote.lostCount).toBe(0);
    expect(vote.rooms.reported("name-conflict-voted")).toMatchObject([{ voteCount: 0 }]);
  });

  it("answers about others what it knows, and about its own name nothing", () => {
    const rooms = new Rooms().joined("bar");
    const ask = (id: number, disputed: string): void => {
      rooms.receive({
        kind: "query",
        lamportTime: 9n,
        id,
        address: HIGHER,
        port: 1,
        sourceNode: "asker",
        filters: undefined,
        flags: 0,
        relayFactor: 0,
        timeoutNs: 10n ** 9n,
        name: "_serf_conflict",
        payload: new Uint8Array([...disputed].map((letter) => letter.charCodeAt(0))),
      });
    };
    ask(1, "self");
    expect(rooms.takeSent()).toEqual([]);
    ask(2, "unknown");
    expect(rooms.takeSent()).toMatchObject([{ message: { payload: new Uint8Array([6, 0xc0]) } }]);

    ask(3, "bar");

    const [answer] = rooms.takeSent();
    expect(answer?.message).toMatchObject({ kind: "query-response", from: "self" });
    expect(rooms.events.filter(({ kind }) => kind === "query")).toEqual([]);
  });
});
