import { encode } from "@msgpack/msgpack";
import { decode } from "@msgpack/msgpack";
import { beforeEach, describe, expect, it } from "vitest";
import { CallTable } from "../../../src/rpc/client/call-table.ts";
import { RpcError } from "../../../src/rpc/client/rpc-error.ts";

let table: CallTable;
let told: unknown[];
beforeEach(() => {
  table = new CallTable();
  told = [];
});

function call(seq: bigint, hasBody: boolean): void {
  table.expectReply(seq, {
    hasBody,
    onReply: (error, body) => told.push([seq, error, body && decode(body)]),
    onLost: (error) => told.push([seq, error.code]),
  });
}

function feed(...values: unknown[]): void {
  table.handleBytes(Buffer.concat(values.map((value) => encode(value))));
}

describe("CallTable (RPC specification §12)", () => {
  it("pairs by number, whatever the order", () => {
    call(1n, true);
    call(2n, false);

    feed({ Error: "", Seq: 2 }, { Error: "", Seq: 1 }, { Members: [] });

    expect(told).toEqual([
      [2n, "", undefined],
      [1n, "", { Members: [] }],
    ]);
  });

  it("reads a body with an error too, except after the three refusals", () => {
    for (const seq of [1n, 2n, 3n, 4n]) call(seq, true);

    feed({ Error: "2/2 nodes reported failure", Seq: 1 }, { NumErr: 2 });
    feed({ Error: "Authentication required", Seq: 2 });
    feed({ Error: "Unsupported command", Seq: 3 });
    feed({ Error: "Handshake required", Seq: 4 });

    expect(told).toEqual([
      [1n, "2/2 nodes reported failure", { NumErr: 2 }],
      [2n, "Authentication required", undefined],
      [3n, "Unsupported command", undefined],
      [4n, "Handshake required", undefined],
    ]);
  });

  it("passes over a header that belongs to nobody, and its body", () => {
    call(1n, true);

    feed({ Error: "", Seq: 99 }, { Members: [] }, { Error: "", Seq: 98 }, { Error: "", Seq: 1 });
    feed({ agent: {} });

    expect(told).toEqual([[1n, "", { agent: {} }]]);
  });

  it("hands records to their stream until it is unsubscribed", () => {
    table.subscribe(7n, {
      onRecord: (body) => told.push(decode(body)),
      onLost: () => told.push("lost"),
    });

    feed({ Error: "", Seq: 7 }, { Log: "a" });
    table.unsubscribe(7n);
    feed({ Error: "", Seq: 7 }, { Log: "b" });

    expect(told).toEqual([{ Log: "a" }]);
  });

  it("fails everyone who waits, one in the middle of its response too", () => {
    call(1n, true);
    call(2n, false);
    table.subscribe(3n, { onRecord: () => {}, onLost: (error) => told.push([3n, error?.code]) });
    feed({ Error: "", Seq: 1 });

    table.close(new RpcError("client-closed", "client closed"), { wasWanted: false });

    expect(told).toEqual([
      [2n, "client-closed"],
      [1n, "client-closed"],
      [3n, "client-closed"],
    ]);
  });
});
