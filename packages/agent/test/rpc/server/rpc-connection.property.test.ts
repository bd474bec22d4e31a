import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandCodecs } from "../../../src/rpc/command.ts";
import { PublishedEvent } from "../../../src/rpc/server/event-stream.ts";
import { ConnectionBench } from "../../support/connection-bench.ts";
import { encodedValue } from "../../support/msgpack-arbitraries.ts";
import { queryEvent } from "../../support/scripted-backend.ts";

const commandName = fc.oneof(
  fc.constantFrom(...Object.keys(commandCodecs)),
  fc.string({ maxLength: 12 }),
);
const plausibleBody = fc.record(
  {
    Version: fc.integer(),
    AuthKey: fc.string(),
    Name: fc.string(),
    Payload: fc.oneof(fc.uint8Array(), fc.string(), fc.constant(null)),
    Stop: fc.nat({ max: 5 }),
    Type: fc.constantFrom("*", "user", "query", "", "x"),
    LogLevel: fc.constantFrom("info", "loud"),
    ID: fc.nat({ max: 5 }),
    Timeout: fc.integer(),
  },
  { requiredKeys: [] },
);

/** What a client may send: requests, near requests, other values, noise. */
const segment = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(commandName, fc.nat({ max: 5 }), plausibleBody).map(toRequest) },
  { weight: 1, arbitrary: encodedValue },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
);

function toRequest([Command, Seq, body]: [string, number, object]): Uint8Array {
  return Buffer.concat([encode({ Command, Seq }), encode(body)]);
}

describe("RpcConnection laws", () => {
  it("never throws, never speaks after it closed, and keeps its limits, whatever it is sent", () => {
    const limits = { inFlightLimit: 3, streamLimit: 3, queryLimit: 3, recordLimit: 4 };
    const sessions = fc.record({
      authKey: fc.constantFrom("", "key"),
      segments: fc.array(fc.tuple(segment, fc.boolean()), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(sessions, ({ authKey, segments }) => {
        const bench = new ConnectionBench({ authKey, limits }).shake();
        let inFlight = 0;
        let isClosed = false;
        for (const [bytes, isAnswered] of segments) {
          bench.sendBytes(bytes);
          for (const directive of bench.takeDirectives()) {
            expect(isClosed).toBe(false);
            if (directive.kind === "close") isClosed = true;
            if (!("seq" in directive)) continue;
            inFlight += 1;
            expect(inFlight).toBeLessThanOrEqual(limits.inFlightLimit);
            if (!isAnswered) continue;
            bench.connection.reply(directive.seq, "");
            inFlight -= 1;
          }
          bench.connection.publishEvent(new PublishedEvent(queryEvent("q"), bench.nowMs));
          bench.connection.publishLog("t [INFO] line");
          const values = bench.takeValues();
          expect(values.length).toBeLessThan(200);
          bench.passMs(10);
        }
        bench.connection.handleEnd();
      }),
      { numRuns: 300 },
    );
  });

  it("answers a session the same however its bytes are cut", () => {
    const sessions = fc.array(segment, { maxLength: 10 }).chain((segments) => {
      const bytes = new Uint8Array(Buffer.concat(segments));
      const cuts = fc.array(fc.nat({ max: bytes.length }), { maxLength: 10 });
      return fc.record({ bytes: fc.constant(bytes), cuts });
    });
    fc.assert(
      fc.property(sessions, ({ bytes, cuts }) => {
        const borders = [0, ...cuts.toSorted((left, right) => left - right), bytes.length];
        const segments = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
        expect(transcript(segments)).toEqual(transcript([bytes]));
      }),
      { numRuns: 200 },
    );
  });
});

function transcript(segments: readonly Uint8Array[]): unknown[] {
  const bench = new ConnectionBench().shake();
  const said: unknown[] = [];
  for (const bytes of segments) {
    bench.sendBytes(bytes);
    for (let isBusy = true; isBusy;) {
      const directives = bench.takeDirectives();
      isBusy = directives.length > 0;
      for (const directive of directives) {
        if ("seq" in directive) bench.connection.reply(directive.seq, "");
      }
      bench.connection.advance(bench.nowMs);
    }
    said.push(...bench.takeValues());
  }
  return said;
}
