/**
 * Which records of others tell nothing new, seen without decoding them.
 *
 * Source: behaviour specification §3.1: an alive of no greater incarnation changes nothing unless it
 * names another address.
 */
import type { CoreContext } from "./core-context.ts";
import { InvariantError } from "./errors.ts";
import type { NameKey } from "./member-record.ts";
import { WireState } from "./wire/index.ts";
import type { KnownNodes, RecognisedNode } from "./wire/push-pull-codec.ts";
import type { RecordLayout } from "./wire/record-layout.ts";

/** What a state tells that we, or other cores in this process, know; for one state. */
export class KnownRecords implements KnownNodes {
  readonly #context: CoreContext;
  /** The number of the name in the record expected last. */
  #number = -1;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  expect(bytes: Uint8Array, start: number, end: number): number {
    const encodings = this.#context.table.shared?.nodes;
    if (encodings === undefined) return 0;
    this.#number = encodings.find(bytes, start, end);
    return encodings.length(this.#number);
  }

  expected(isJoin: boolean): RecognisedNode {
    const { table } = this.#context;
    const encodings = table.shared?.nodes;
    const row = table.rowOf(this.#number);
    if (row !== undefined && table.state(row) === "alive" && this.#mayLeaveOut(isJoin)) {
      const incarnation = table.incarnation(row);
      if (encodings?.isKnownAs(this.#number, table.record(row), incarnation) === true)
        return "known";
    }
    const node = encodings?.held(this.#number)?.message;
    if (node === undefined) throw new InvariantError(`name ${this.#number} has no encoding`);
    return node;
  }

  recognise(layout: RecordLayout, isJoin: boolean): RecognisedNode | undefined {
    const { table } = this.#context;
    const { bytes, nameEnd, nameStart } = layout;
    const key = table.findEncoded(bytes, nameStart, nameEnd);
    if (key === undefined) return undefined;
    if (layout.state === WireState.alive && this.#mayLeaveOut(isJoin)) {
      if (knownRow(layout, key, this.#context) !== undefined) return "known";
    }
    return undefined;
  }

  #mayLeaveOut(isJoin: boolean): boolean {
    const { delegate, options } = this.#context;
    if (options.protocolVersion === 1) return false;
    // Whoever may veto a join is shown everybody.
    return !isJoin || delegate.vetoMerge === undefined;
  }
}

/**
 * The row of a member that is alive here, at this address, with these versions and at least this
 * incarnation, so that the record could as well not have come.
 *
 * @param key - of the name in the record.
 * @returns `undefined` if there is more to it: for one's own record too, and for what is not well-formed.
 */
export function knownRow(
  layout: RecordLayout,
  key: NameKey,
  context: CoreContext,
): number | undefined {
  const { options, settings, table } = context;
  const { incarnation, metaEnd, metaStart } = layout;
  if (incarnation === 0 || metaEnd - metaStart > settings.limits.metaBytes) return undefined;
  const row = table.row(key);
  if (row === undefined || table.state(row) !== "alive") return undefined;
  if (incarnation > table.incarnation(row) || key.name === options.name) return undefined;
  return table.record(row).isDescribedBy(layout) ? row : undefined;
}
