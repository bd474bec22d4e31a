import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeMessage } from "../../src/wire/message-codec.ts";
import { MsgpackFields } from "../../src/wire/msgpack-dialect.ts";
import { MsgpackReader } from "../../src/wire/msgpack-reader.ts";
import { encodeNode, PushPullDraft } from "../../src/wire/push-pull-codec.ts";
import type { PushPullNode } from "../../src/wire/message.ts";
import { copyOf, RecordLayout } from "../../src/wire/record-layout.ts";
import { decodeName } from "../../src/wire/utf8.ts";
import { defaultWireLimits } from "../../src/wire/wire-limits.ts";
import { alive, pushPull } from "../support/wire-arbitraries.ts";

/** Bytes in the middle of others, as in a packet. */
function within(bytes: Uint8Array): { readonly around: Uint8Array; readonly start: number } {
  const around = new Uint8Array(bytes.length + 7).fill(0xa4);
  around.set(bytes, 3);
  return { around, start: 3 };
}

function fieldsOf(layout: RecordLayout): Record<string, unknown> {
  const { bytes } = layout;
  return {
    name: decodeName(bytes, layout.nameStart, layout.nameEnd),
    address: copyOf(bytes, layout.addressStart, layout.addressEnd),
    port: layout.port,
    meta: copyOf(bytes, layout.metaStart, layout.metaEnd),
    incarnation: layout.incarnation,
    versions: copyOf(bytes, layout.versionsStart, layout.versionsEnd),
  };
}

const pushPullNode = pushPull
  .filter(({ nodes }) => nodes.length > 0)
  .map(({ nodes }) => nodes[0] as PushPullNode);

describe("RecordLayout", () => {
  it("finds in an alive message what was put in, wherever it lies", () => {
    fc.assert(
      fc.property(alive, (message) => {
        const { around, start } = within(encodeMessage(message));
        const layout = new RecordLayout();

        expect(layout.readAlive(around, start + 1, around.length - 4)).toBe(true);
        const { address, incarnation, meta, node, port, versions } = message;
        expect(fieldsOf(layout)).toEqual({
          name: node,
          address,
          incarnation,
          meta,
          port,
          versions,
        });
      }),
    );
  });

  it("finds in a push/pull record what was put in, and where it ends", () => {
    fc.assert(
      fc.property(pushPullNode, (node) => {
        const encoded = encodeNode(node);
        const { around, start } = within(encoded);
        const layout = new RecordLayout();

        expect(layout.readNode(around, start, around.length)).toBe(true);
        expect({ ...fieldsOf(layout), state: layout.state }).toEqual(node);
        expect(layout.end).toBe(start + encoded.length);
      }),
    );
  });

  it("never takes a record that is cut off", () => {
    fc.assert(
      fc.property(pushPullNode, fc.nat(), (node, cut) => {
        const encoded = encodeNode(node);
        const { around, start } = within(encoded);

        const isTaken = new RecordLayout().readNode(around, start, start + (cut % encoded.length));
        expect(isTaken).toBe(false);
      }),
    );
  });

  it("takes no bytes the decoder would read otherwise", () => {
    fc.assert(
      fc.property(alive, fc.nat(), fc.nat(255), (message, place, byte) => {
        const bytes = encodeMessage(message).slice();
        bytes[1 + (place % (bytes.length - 1))] = byte;
        const layout = new RecordLayout();
        if (!layout.readAlive(bytes, 1, bytes.length)) return;

        expect(fieldsOf(layout)).toEqual(readStepByStep(bytes));
      }),
    );
  });
});

/** The same by the reader of everything any member writes. */
function readStepByStep(bytes: Uint8Array): Record<string, unknown> {
  const fields = new MsgpackFields(["Incarnation", "Node", "Addr", "Port", "Meta", "Vsn"]);
  const reader = new MsgpackReader(bytes, 1);
  const read: Record<string, unknown> = {};
  reader.readRecord(fields, (index) => {
    if (index === 0) read["incarnation"] = reader.readUnsigned(0xffff_ffff);
    else if (index === 1) read["name"] = reader.readString();
    else if (index === 2) read["address"] = reader.readRawCopy();
    else if (index === 3) read["port"] = reader.readUnsigned(0xffff);
    else if (index === 4) read["meta"] = reader.readRawCopy();
    else read["versions"] = reader.readRawCopy();
  });
  return read;
}

describe("a push/pull read quickly", () => {
  it("holds the same members as one read step by step, whatever the order of fields", () => {
    fc.assert(
      fc.property(pushPullNode, (node) => {
        const encoded = encodeNode(node);
        const draft = new PushPullDraft(defaultWireLimits);
        draft.readRecord(new MsgpackReader(HEADER, 0, HEADER.length), HEADER.length);
        expect(draft.readQuickly(encoded, 0, encoded.length)).toBe(encoded.length);

        const slow = new PushPullDraft(defaultWireLimits);
        slow.readRecord(new MsgpackReader(HEADER, 0, HEADER.length), HEADER.length);
        slow.readRecord(new MsgpackReader(encoded, 0, encoded.length), encoded.length);
        const none = new Uint8Array(0);
        expect(draft.finish(none)).toEqual(slow.finish(none));
        expect(draft.rejectedNodeCount).toBe(slow.rejectedNodeCount);
      }),
    );
  });
});

/** `{ Nodes: 1 }`. */
const HEADER = Uint8Array.of(0x81, 0xa5, 0x4e, 0x6f, 0x64, 0x65, 0x73, 1);
