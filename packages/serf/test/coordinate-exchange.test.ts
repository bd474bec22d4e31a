import { describe, expect, it } from "vitest";
import { CoordinateExchange } from "../src/coordinate-exchange.ts";
import { decodePingPayload, encodePingPayload } from "../src/wire/ping-payload.ts";
import { Rooms, type RoomsSetup } from "./support/rooms.ts";
import { swimMember } from "./support/scripted-swim.ts";

const BAR = swimMember("bar");
const ORIGIN = { vector: [0, 0, 0, 0, 0, 0, 0, 0], error: 1.5, adjustment: 0, height: 1e-5 };

function exchange(setup: RoomsSetup = {}): { rooms: Rooms; coordinates: CoordinateExchange } {
  const rooms = new Rooms(setup).joined("bar");
  return { rooms, coordinates: new CoordinateExchange(rooms.context) };
}

describe("CoordinateExchange (Serf specification §16 rules 4 to 6)", () => {
  it("starts at the origin, whose payload is the reference's", () => {
    const { coordinates } = exchange();

    expect(Buffer.from(coordinates.ackPayload()).toString("hex")).toBe(
      "0184aa41646a7573746d656e74cb0000000000000000a54572726f72cb3ff8000000000000" +
        "a6486569676874cb3ee4f8b588e368f1a356656398" +
        "cb0000000000000000".repeat(8),
    );
    expect(coordinates.rttMs("self", "self")).toBeCloseTo(0.02);
  });

  it("moves by what it measures, and remembers the other's coordinate", () => {
    const { coordinates } = exchange();
    const before = coordinates.ackPayload();

    coordinates.handlePing(BAR, 30, encodePingPayload(ORIGIN), 0);

    expect(coordinates.of("bar")).toMatchObject({ vector: ORIGIN.vector });
    expect(coordinates.own).not.toEqual(ORIGIN);
    expect(coordinates.ackPayload()).not.toEqual(before);
    expect(decodePingPayload(coordinates.ackPayload()).vector).toEqual(coordinates.own.vector);
    expect(coordinates.rttMs("bar", "self")).toBeGreaterThan(0);
  });

  it.each([
    ["another version", Uint8Array.from([2, ...encodePingPayload(ORIGIN).subarray(1)]), 10],
    ["another dimension", encodePingPayload({ ...ORIGIN, vector: [0] }), 10],
    ["what is not finite", encodePingPayload({ ...ORIGIN, error: Number.NaN }), 10],
    ["bytes that are none", Uint8Array.from([1, 0xc1]), 10],
    ["a round trip of eleven seconds", encodePingPayload(ORIGIN), 11_000],
  ])("refuses %s, says so, and goes on telling its own", (_what, payload, rttMs) => {
    const { rooms, coordinates } = exchange();

    coordinates.handlePing(BAR, rttMs, payload, 0);

    expect(coordinates.of("bar")).toBeUndefined();
    expect(coordinates.own).toMatchObject(ORIGIN);
    expect(rooms.settle().reported("coordinate-rejected")).toHaveLength(1);
    expect(coordinates.ackPayload().length).toBeGreaterThan(0);
  });

  it("ignores an empty payload in silence", () => {
    const { rooms, coordinates } = exchange();
    coordinates.handlePing(BAR, 10, new Uint8Array(0), 0);
    expect(rooms.settle().reported("coordinate-rejected")).toEqual([]);
  });

  it("remembers nobody who is not in the table, and forgets who is erased", () => {
    const { coordinates } = exchange();
    coordinates.handlePing(swimMember("ghost"), 10, encodePingPayload(ORIGIN), 0);
    coordinates.handlePing(BAR, 10, encodePingPayload(ORIGIN), 0);
    expect(coordinates.of("ghost")).toBeUndefined();

    coordinates.forget("bar");

    expect(coordinates.of("bar")).toBeUndefined();
    expect(coordinates.rttMs("self", "bar")).toBeUndefined();
  });

  it("writes its own coordinate down once a minute, and takes it up again", () => {
    const written: unknown[] = [];
    const snapshot = {
      record: () => undefined,
      recordClock: () => undefined,
      recordLeave: () => undefined,
      recordCoordinate: (coordinate: unknown) => written.push(coordinate),
    };
    const { coordinates } = exchange({ environment: { snapshot } });
    for (let ping = 0; ping < 5; ping += 1) {
      coordinates.handlePing(BAR, 50, encodePingPayload(ORIGIN), ping * 20_000);
    }
    expect(written).toHaveLength(2);

    const recovered = {
      alive: new Map(),
      failed: new Map(),
      lamportTime: 0n,
      eventLamportTime: 0n,
      queryLamportTime: 0n,
      coordinate: coordinates.own,
    };
    const next = exchange({ environment: { recovered } });

    expect(next.coordinates.own.vector).toEqual(coordinates.own.vector);
  });
});
