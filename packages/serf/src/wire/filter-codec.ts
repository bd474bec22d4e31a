/**
 * The filters of a query: who shall answer. One type byte, then one msgpack value each.
 *
 * Read next: `../query-filter.ts`, which applies them.
 *
 * Source: Serf specification §3.6.
 */
import { encodeKey, MsgpackFields, MsgpackReader, MsgpackWriter, WireError } from "@x/swim/wire";
import type { Tags } from "../member.ts";

/** Which members shall answer a query. */
export type QueryFilter =
  /** Those whose name is in the list. */
  | { readonly kind: "node"; readonly names: readonly string[] }
  /** Those in whose value of `tag` the RE2 `expression` matches somewhere. */
  | { readonly kind: "tag"; readonly tag: string; readonly expression: string };

/** What a caller wants filtered; absent and empty mean no filter of that kind. */
export interface QueryFilterOptions {
  readonly nodes?: readonly string[];
  /** Tag → RE2 expression. */
  readonly tags?: Tags;
}

const filterType = { node: 0, tag: 1 } as const;

const keyExpression = encodeKey("Expr");
const keyTag = encodeKey("Tag");
const tagFields = new MsgpackFields(["Tag", "Expr"]);

const writer = new MsgpackWriter();

/** The bytes of one filter. */
export function encodeFilter(filter: QueryFilter): Uint8Array {
  writer.reset();
  if (filter.kind === "node") {
    writer.writeByte(filterType.node);
    writer.writeArrayHeader(filter.names.length);
    for (const name of filter.names) writer.writeString(name);
  } else {
    writer.writeByte(filterType.tag);
    writer.writeMapHeader(2);
    writer.writeKey(keyExpression);
    writer.writeString(filter.expression);
    writer.writeKey(keyTag);
    writer.writeString(filter.tag);
  }
  return writer.finish();
}

/**
 * The filters of a query in the order the reference writes them: names first, then one per tag.
 *
 * @returns `undefined`, nil on the wire, when there is nothing to filter.
 */
export function encodeFilters(options: QueryFilterOptions): readonly Uint8Array[] | undefined {
  const filters: Uint8Array[] = [];
  if (options.nodes !== undefined && options.nodes.length > 0) {
    filters.push(encodeFilter({ kind: "node", names: options.nodes }));
  }
  for (const [tag, expression] of Object.entries(options.tags ?? {})) {
    filters.push(encodeFilter({ kind: "tag", tag, expression }));
  }
  return filters.length > 0 ? filters : undefined;
}

/**
 * One filter, decoded.
 *
 * Deviation: an empty filter, on which the reference crashes, is refused like any other that
 * cannot be read. Source: Serf specification §20 item 19.
 *
 * @throws {WireError} `empty`, `unknown-type`, or what the reader says.
 */
export function decodeFilter(bytes: Uint8Array): QueryFilter {
  const type = bytes[0];
  if (type === undefined) throw new WireError("empty", "a filter has at least a type byte");
  const reader = new MsgpackReader(bytes, 1);
  if (type === filterType.node) return readNodeFilter(reader);
  if (type === filterType.tag) return readTagFilter(reader);
  throw new WireError("unknown-type", `filter type ${type} is unknown`);
}

function readNodeFilter(reader: MsgpackReader): QueryFilter {
  const count = reader.readArrayHeader();
  return { kind: "node", names: Array.from({ length: count }, () => reader.readString()) };
}

function readTagFilter(reader: MsgpackReader): QueryFilter {
  let tag = "";
  let expression = "";
  reader.readRecord(tagFields, (field) => {
    if (field === 0) tag = reader.readString();
    else expression = reader.readString();
  });
  return { kind: "tag", tag, expression };
}
