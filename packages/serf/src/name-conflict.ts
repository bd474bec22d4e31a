/**
 * Two members with one name: who keeps it is put to the vote of the others.
 *
 * Deviation: one vote at a time; members that do not know the name have no vote; without a single
 * vote nobody goes; and of two contenders with equally many votes the one with the lower address
 * stays, where in the reference both go.
 *
 * Source: Serf specification §11.1; its weakness 8.
 */
import type { Member as SwimMember } from "@x/swim";
import { canonicalAddress, encodeName, WireError } from "@x/swim/wire";
import { SerfError } from "./errors.ts";
import type { Queries } from "./query.ts";
import type { SerfContext } from "./serf-context.ts";
import type { MemberRecord } from "./wire/message.ts";
import { decodeConflictResponse } from "./wire/message-codec.ts";

/** One address and how many members believe it to be the owner's. */
interface Candidate {
  readonly address: string;
  votes: number;
}

/** Reports conflicts, and holds the vote about the own name. */
export class NameConflicts {
  readonly #context: SerfContext;
  readonly #queries: Queries;
  readonly #lose: (nowMs: number) => void;
  #isVoting = false;

  /** @param lose - this member has lost its name and must go. */
  constructor(context: SerfContext, queries: Queries, lose: (nowMs: number) => void) {
    this.#context = context;
    this.#queries = queries;
    this.#lose = lose;
  }

  handle(existing: SwimMember, other: SwimMember, nowMs: number): void {
    const { name, options, state } = this.#context;
    const isOwn = existing.name === name;
    this.#context.report({
      kind: "name-conflict",
      name: existing.name,
      isOwn,
      isPutToVote: options.resolveNameConflicts,
      existing: existing.endpoint,
      other: other.endpoint,
    });
    if (!isOwn || !options.resolveNameConflicts || this.#isVoting || state === "shutdown") return;
    this.#vote(nowMs);
  }

  #vote(nowMs: number): void {
    const ballots: Candidate[] = [];
    const listener = {
      handleResponse: (_from: string, payload: Uint8Array): void => countBallot(ballots, payload),
      handleEnd: (): void => {
        this.#isVoting = false;
        if (this.#context.state !== "shutdown") this.#decide(ballots);
      },
    };
    this.#isVoting = true;
    const payload = encodeName(this.#context.name);
    try {
      this.#queries.ask("_serf_conflict", payload, {}, listener, nowMs);
    } catch (error) {
      // Too many questions under way, or a version that may not ask: the next notice tries again.
      this.#isVoting = false;
      if (!(error instanceof SerfError)) throw error;
    }
  }

  #decide(ballots: readonly Candidate[]): void {
    const { addressBytes, endpoint } = this.#context.swim.localMember;
    const own = contender(addressBytes, endpoint.port);
    const voteCount = ballots.reduce((sum, { votes }) => sum + votes, 0);
    const agreeingCount = ballots.find(({ address }) => address === own)?.votes ?? 0;
    const hasWon =
      voteCount === 0 ||
      agreeingCount > voteCount / 2 ||
      (agreeingCount === voteCount / 2 &&
        ballots.length === 2 &&
        ballots.every(({ address }) => own <= address));
    this.#context.report({ kind: "name-conflict-voted", agreeingCount, voteCount, hasWon });
    if (!hasWon) this.#lose(this.#context.nowMs);
  }
}

function countBallot(ballots: Candidate[], payload: Uint8Array): void {
  let member: MemberRecord | undefined;
  try {
    ({ member } = decodeConflictResponse(payload));
  } catch (error) {
    // No vote that can be read is no vote.
    if (!(error instanceof WireError)) throw error;
  }
  const address = member?.address;
  if (member === undefined || (address?.length !== 4 && address?.length !== 16)) return;
  const candidate = contender(address, member.port);
  const known = ballots.find((ballot) => ballot.address === candidate);
  if (known === undefined) ballots.push({ address: candidate, votes: 1 });
  else known.votes += 1;
}

/** The same for both forms of an IPv4 address; orders as the bytes do. */
function contender(address: Uint8Array, port: number): string {
  const hex = [...canonicalAddress(address)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `${hex.join("")}:${port.toString().padStart(5, "0")}`;
}
