/**
 * The body of the answer to `members`, encoded once for everybody who asks between two changes.
 *
 * With 40 members, building and encoding it takes most of what a call costs the agent.
 */
import { commandCodecs } from "../command.ts";
import { encodeValue } from "../record-codec.ts";
import type { RpcBackend } from "./rpc-backend.ts";
import { toWireMember } from "./wire-records.ts";

/** What it needs to know of an agent. */
export type MembersSource = Pick<RpcBackend, "memberRevision" | "members">;

/** Keeps one encoded body; it belongs to nobody and must not be changed. */
export class MembersBody {
  readonly #source: MembersSource;
  #revision: number | undefined;
  #encoded: Uint8Array = new Uint8Array();

  constructor(source: MembersSource) {
    this.#source = source;
  }

  /** As of now. */
  encoded(): Uint8Array {
    const revision = this.#source.memberRevision;
    if (revision !== this.#revision) {
      const Members = this.#source.members().map(toWireMember);
      this.#encoded = encodeValue(commandCodecs.members.response, { Members });
      this.#revision = revision;
    }
    return this.#encoded;
  }
}
