/**
 * Alive messages that tell what we know: most of all there are, in a large cluster.
 *
 * They change nothing in the table, but they say that others tell the same, so that we need tell it
 * less; and a newcomer learns from them what is still on its way round.
 *
 * Deviation: the reference ignores them, and tells everything the full number of times.
 *
 * Source: Demers et al. (1987) §1.4; behaviour specification §3.1.
 */
import { hasAllVersions } from "./admission.ts";
import type { CoreContext } from "./core-context.ts";
import type { Dissemination } from "./dissemination.ts";
import { knownRow } from "./known-record.ts";
import type { SharedEncoding } from "./shared-encodings.ts";
import { MessageType, type AliveMessage } from "./wire/index.ts";
import { RecordLayout } from "./wire/record-layout.ts";

/** How long after joining what we learned by it may still be on its way round as news. */
const IN_FLIGHT_MS = 300;

/** News heard again. */
export class Repetitions {
  readonly #context: CoreContext;
  readonly #dissemination: Dissemination;
  readonly #layout = new RecordLayout();
  readonly #mayPassOver: boolean;

  constructor(context: CoreContext, dissemination: Dissemination) {
    this.#context = context;
    this.#dissemination = dissemination;
    const { allowedNetworks, protocolVersion } = context.options;
    // Else it depends on more than the message what it means.
    this.#mayPassOver = allowedNetworks.length === 0 && protocolVersion > 1;
  }

  /**
   * Looks at an encoded message without decoding it. An alive that changes nothing is `known`: the
   * same as we know, about a member that is alive here. What it is worth to our own rumours is noted.
   *
   * @returns nothing for what is to be decoded; a message for what another core has decoded before.
   */
  recognise(
    bytes: Uint8Array,
    start: number,
    end: number,
    nowMs: number,
  ): "known" | SharedEncoding<AliveMessage> | undefined {
    if (bytes[start] !== MessageType.alive || !this.#mayPassOver) return undefined;
    const { table } = this.#context;
    const claims = table.shared?.claims;
    const number = claims?.find(bytes, start, end) ?? -1;
    if (claims === undefined || claims.length(number) !== end - start) {
      return this.#isRepeated(bytes, start, end, nowMs) ? "known" : undefined;
    }
    const row = table.rowOf(number);
    if (row === undefined || table.state(row) !== "alive" || this.#isInFlight(row, nowMs)) {
      return claims.held(number);
    }
    const incarnation = table.incarnation(row);
    if (!claims.isKnownAs(number, table.record(row), incarnation)) return claims.held(number);
    if (claims.isKnownAs(number, table.record(row), incarnation - 1)) return "known";
    this.#dissemination.overhear(row, nowMs);
    return "known";
  }

  #isRepeated(bytes: Uint8Array, start: number, end: number, nowMs: number): boolean {
    if (!this.#layout.readAlive(bytes, start + 1, end)) return false;
    const { nameEnd, nameStart } = this.#layout;
    const key = this.#context.table.findEncoded(bytes, nameStart, nameEnd);
    if (key === undefined) return false;
    const row = knownRow(this.#layout, key, this.#context);
    if (row === undefined || this.#isInFlight(row, nowMs)) return false;
    this.#note(row, this.#layout.incarnation, nowMs);
    return true;
  }

  /** Most of a push/pull: an alive we have already. Cheap to see before anything is checked. */
  isPlain(row: number, claim: AliveMessage): boolean {
    const { options, table } = this.#context;
    if (claim.incarnation > table.incarnation(row) || claim.node === options.name) return false;
    const record = table.record(row);
    return record.port === claim.port && record.hasAddress(claim.address);
  }

  /**
   * Notes an alive that changes nothing.
   *
   * @returns whether we should tell it on as if it were new: we know it from joining, it is still on
   *   its way round, and we stand in that way.
   */
  hearAgain(row: number, claim: AliveMessage, nowMs: number): boolean {
    const { table } = this.#context;
    const isNewest = claim.incarnation === table.incarnation(row) && table.state(row) === "alive";
    if (!isNewest || !hasAllVersions(claim.versions) || !this.#isInFlight(row, nowMs)) {
      this.#note(row, claim.incarnation, nowMs);
      return false;
    }
    table.noteUntold(row, false);
    return true;
  }

  #isInFlight(row: number, nowMs: number): boolean {
    const { table } = this.#context;
    return table.isUntold(row) && nowMs - table.changedMs(row) <= IN_FLIGHT_MS;
  }

  /** Only the newest news is told here, and only that may be told less. */
  #note(row: number, incarnation: number, nowMs: number): void {
    const { table } = this.#context;
    if (incarnation !== table.incarnation(row) || table.state(row) !== "alive") return;
    this.#dissemination.overhear(row, nowMs);
  }
}
