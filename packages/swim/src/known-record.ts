/**
 * Which records of others tell nothing new, seen without decoding them.
 *
 * Source: behaviour specification §3.1: an alive of no greater incarnation changes nothing unless it
 * names another address.
 */
import type { CoreContext } from "./core-context.ts";
import { WireState } from "./wire/index.ts";
import type { KnownNodes } from "./wire/push-pull-codec.ts";
import type { RecordLayout } from "./wire/record-layout.ts";

/** What a state tells that we know; for one state. */
export class KnownRecords implements KnownNodes {
  readonly #context: CoreContext;
  /** Whoever learned from the same member as we did has the same order. */
  #expectedRow = 0;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  expect(bytes: Uint8Array, start: number, end: number, isJoin: boolean): number {
    const { table } = this.#context;
    const row = this.#expectedRow;
    if (row >= table.size || !this.#mayLeaveOut(isJoin)) return 0;
    const { sharedNode } = table.record(row);
    const encoded = sharedNode?.encoded;
    if (sharedNode === undefined || encoded === undefined || encoded.length > end - start) return 0;
    if (sharedNode.state !== WireState.alive || table.state(row) !== "alive") return 0;
    if (sharedNode.incarnation > table.incarnation(row) || this.#isSelf(row)) return 0;
    for (let index = 0; index < encoded.length; index += 1) {
      if (encoded[index] !== bytes[start + index]) return 0;
    }
    this.#expectedRow = row + 1;
    return encoded.length;
  }

  isKnown(layout: RecordLayout, isJoin: boolean): boolean {
    if (!this.#mayLeaveOut(isJoin)) return false;
    const row = knownRow(layout, this.#context);
    if (row !== undefined) this.#expectedRow = row + 1;
    return row !== undefined && layout.state === WireState.alive;
  }

  #mayLeaveOut(isJoin: boolean): boolean {
    const { delegate, options } = this.#context;
    if (options.protocolVersion === 1) return false;
    // Whoever may veto a join is shown everybody.
    return !isJoin || delegate.vetoMerge === undefined;
  }

  #isSelf(row: number): boolean {
    return this.#context.table.record(row).name === this.#context.options.name;
  }
}

/**
 * The row of a member that is alive here, at this address, with these versions and at least this
 * incarnation, so that the record could as well not have come.
 *
 * @returns `undefined` if there is more to it: for one's own record too, and for what is not well-formed.
 */
export function knownRow(layout: RecordLayout, context: CoreContext): number | undefined {
  const { options, settings, table } = context;
  const { bytes, incarnation, metaEnd, metaStart, nameEnd, nameStart } = layout;
  if (incarnation === 0 || metaEnd - metaStart > settings.limits.metaBytes) return undefined;
  const row = table.findEncoded(bytes, nameStart, nameEnd);
  if (row === undefined || table.state(row) !== "alive") return undefined;
  if (incarnation > table.incarnation(row)) return undefined;
  const record = table.record(row);
  return record.isDescribedBy(layout) && record.name !== options.name ? row : undefined;
}
