import { describe, expect, it } from "vitest";
import { CoordinateClient, estimatedRttNanoseconds, rawDistanceSeconds } from "@x/vivaldi";
import { forcePosition } from "../src/coordinate-client.ts";
import { LatencyFilter } from "../src/latency-filter.ts";
import type { VectorCase, VectorStep, WireCoordinate } from "./support/vectors.ts";
import { coordinateOf, optionsOf, secondsOf, vectorCases } from "./support/vectors.ts";

/** The recorded runs let no random direction into a result; a draw would be a difference. */
function noDraw(): number {
  throw new Error("the reference drew no random number here");
}

/** A state that is not finite has no direction, but a draw cannot change what becomes of it. */
function constantDraw(): number {
  return 0.3;
}

function clientOf(vector: VectorCase, start: WireCoordinate | null): CoordinateClient {
  const random = vector.kind === "reset" ? constantDraw : noDraw;
  const client = new CoordinateClient(optionsOf(vector.input.config), random);
  if (start !== null) forcePosition(client, coordinateOf(start));
  return client;
}

function perform(client: CoordinateClient, step: VectorStep): void {
  switch (step.op) {
    case "update":
      client.observe(step.node, coordinateOf(step.other), secondsOf(step.rtt));
      return;
    case "forget":
      client.forget(step.node);
      return;
    case "set":
      expect(client.setCoordinate(coordinateOf(step.coordinate))).toEqual({ kind: "accepted" });
  }
}

describe("The reference's settings give the reference's results, bit for bit", () => {
  it("covers all 53 recorded cases", () => {
    const kinds = ["sequence", "pair", "distance", "filter", "update", "reset", "new"] as const;

    const counts = kinds.map((kind) => vectorCases(kind).length);

    expect(counts).toEqual([19, 1, 1, 6, 21, 3, 2]);
  });

  it.each(vectorCases("sequence").map((vector) => [vector.name, vector] as const))(
    "sequence %s",
    (_name, vector) => {
      const client = clientOf(vector, vector.input.start);
      for (const step of vector.steps as readonly VectorStep[]) {
        if (step.distanceBefore !== undefined) {
          const before = estimatedRttNanoseconds(client.coordinate, coordinateOf(step.other));
          expect(before).toBe(step.distanceBefore);
        }

        perform(client, step);

        expect(client.coordinate).toEqual(coordinateOf(step.result));
        expect(client.stats.resets).toBe(step.resets);
        if (step.distanceAfter !== undefined) {
          const after = estimatedRttNanoseconds(client.coordinate, coordinateOf(step.other));
          expect(after).toBe(step.distanceAfter);
        }
      }
    },
  );

  it.each(vectorCases("reset").map((vector) => [vector.name, vector] as const))(
    "%s: a state that is not finite is left, the window is not",
    (_name, vector) => {
      const client = clientOf(vector, vector.input.start);
      for (const step of vector.steps as readonly VectorStep[]) {
        perform(client, step);

        expect(client.coordinate).toEqual(coordinateOf(step.result));
        expect(client.stats.resets).toBe(step.resets);
      }
    },
  );

  it.each(vectorCases("pair").map((vector) => [vector.name, vector] as const))(
    "pair %s",
    (_name, vector) => {
      const clients = { a: clientOf(vector, vector.input.a), b: clientOf(vector, vector.input.b) };
      for (const step of vector.steps as readonly {
        readonly updated: "a" | "b";
        readonly rtt: number;
        readonly a: WireCoordinate;
        readonly b: WireCoordinate;
        readonly distance: number;
      }[]) {
        const other = step.updated === "a" ? "b" : "a";

        clients[step.updated].observe(other, clients[other].coordinate, secondsOf(step.rtt));

        expect(clients.a.coordinate).toEqual(coordinateOf(step.a));
        expect(clients.b.coordinate).toEqual(coordinateOf(step.b));
        expect(estimatedRttNanoseconds(clients.a.coordinate, clients.b.coordinate)).toBe(
          step.distance,
        );
      }
    },
  );

  it.each(vectorCases("distance").map((vector) => [vector.name, vector] as const))(
    "%s",
    (_name, vector) => {
      for (const row of vector.rows as readonly {
        readonly a: WireCoordinate;
        readonly b: WireCoordinate;
        readonly distance: number;
        readonly raw: number;
      }[]) {
        const [a, b] = [coordinateOf(row.a), coordinateOf(row.b)];

        expect(estimatedRttNanoseconds(a, b)).toBe(row.distance);
        expect(rawDistanceSeconds(a, b)).toBe(row.raw);
      }
    },
  );

  it.each(vectorCases("filter").map((vector) => [vector.name, vector] as const))(
    "%s",
    (_name, vector) => {
      const filter = new LatencyFilter({
        size: vector.input.size,
        evenMedian: "upper",
        trackedMembersLimit: 100,
        handleForgotten: () => undefined,
      });
      for (const row of vector.rows as readonly {
        readonly op: "sample" | "forget";
        readonly node: string;
        readonly seconds: number;
        readonly median: number;
      }[]) {
        if (row.op === "forget") {
          filter.forget(row.node);
          continue;
        }

        expect(filter.observe(filter.track(row.node), row.seconds)).toBe(row.median);
      }
    },
  );

  it.each(vectorCases("update").map((vector) => [vector.name, vector] as const))(
    "update %s is taken or refused as there",
    (_name, vector) => {
      const client = clientOf(vector, vector.input.start);

      const outcome = client.observe(
        "other",
        coordinateOf(vector.input.other),
        secondsOf(vector.input.rtt),
      );

      expect(outcome.kind).toBe(vector.error === null ? "accepted" : "rejected");
      expect(client.coordinate).toEqual(coordinateOf(vector.result as WireCoordinate));
      expect(client.stats.resets).toBe(vector.resets);
    },
  );

  it.each(vectorCases("new").map((vector) => [vector.name, vector] as const))(
    "%s",
    (_name, vector) => {
      if (vector.result === null) {
        expect(() => clientOf(vector, null)).toThrow(RangeError);
      } else {
        expect(clientOf(vector, null).coordinate).toEqual(coordinateOf(vector.result));
      }
    },
  );
});
