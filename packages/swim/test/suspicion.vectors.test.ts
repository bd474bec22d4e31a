import { retransmitLimit } from "@x/gossip-broadcast";
import { describe, expect, it } from "vitest";
import { LocalHealth } from "../src/local-health.ts";
import { scaledPushPullMs } from "../src/push-pull.ts";
import {
  minSuspicionMs,
  Suspicion,
  suspicionBounds,
  suspicionTimeoutMs,
} from "../src/suspicion.ts";
import { readVectors, type Vector } from "./support/vectors.ts";

const NS_PER_MS = 1_000_000;
const vectors = readVectors("suspicion");

function ofKind(kind: string): readonly Vector[] {
  const found = vectors.filter((vector) => vector.kind === kind);
  expect(found).not.toEqual([]);
  return found;
}

function rowsOf(vector: Vector): number[][] {
  const rows = vector["rows"] as number[][];
  expect(rows.length).toBeGreaterThan(0);
  return rows;
}

/** The reference counts in whole nanoseconds. */
function expectNs(ms: number, ns: number): void {
  expect(Math.abs(ms * NS_PER_MS - ns)).toBeLessThan(1);
}

function input(vector: Vector, name: string): number {
  return vector.input[name] as number;
}

describe("recorded values of the reference", () => {
  it("are what is left of a suspicion", () => {
    for (const vector of ofKind("remainingSuspicionTime")) {
      for (const [n = 0, k = 0, elapsed = 0, min = 0, max = 0, result = 0] of rowsOf(vector)) {
        const bounds = { minMs: min / NS_PER_MS, maxMs: max / NS_PER_MS, confirmationLimit: k };
        expectNs(suspicionTimeoutMs(n, bounds) - elapsed / NS_PER_MS, result);
      }
    }
  });

  it("are the least time of a suspicion", () => {
    for (const vector of ofKind("suspicionTimeout")) {
      const settings = {
        suspicionMultiplier: input(vector, "mult"),
        probeIntervalMs: input(vector, "interval") / NS_PER_MS,
      };
      for (const [n = 0, result = 0] of rowsOf(vector))
        expectNs(minSuspicionMs(n, settings), result);
    }
  });

  it("are the bounds of a suspicion in each profile", () => {
    for (const vector of ofKind("suspicionParams")) {
      const settings = {
        suspicionMultiplier: input(vector, "suspicionMult"),
        suspicionMaxTimeoutMultiplier: input(vector, "suspicionMaxTimeoutMult"),
        probeIntervalMs: input(vector, "probeInterval") / NS_PER_MS,
      };
      for (const [n = 0, k = 0, min = 0, max = 0] of rowsOf(vector)) {
        const bounds = suspicionBounds(n, settings);
        expect(bounds.confirmationLimit).toBe(k);
        expectNs(bounds.minMs, min);
        expectNs(bounds.maxMs, max);
      }
    }
  });

  it("are who counts as a confirmation", () => {
    for (const vector of ofKind("confirm")) {
      const bounds = { minMs: 1, maxMs: 2, confirmationLimit: input(vector, "k") };
      const suspicion = new Suspicion(bounds, vector.input["from"] as string, 0);
      const { accepted, n } = vector.output as { accepted: boolean[]; n: number[] };
      const names = vector.input["confirmations"] as string[];

      const results = names.map((name) => [suspicion.confirm(name), suspicion.confirmationCount]);

      expect(results).toEqual(accepted.map((isAccepted, index) => [isAccepted, n[index]]));
    }
  });

  it("are the health scores", () => {
    for (const vector of ofKind("awareness")) {
      const health = new LocalHealth(input(vector, "max"));
      const timeoutMs = input(vector, "timeout") / NS_PER_MS;
      const steps = vector.output as { delta: number; score: number; scaled: number }[];
      for (const { delta, score, scaled } of steps) {
        health.apply(delta);
        expect(health.score).toBe(score);
        expectNs(health.scale(timeoutMs), scaled);
      }
    }
  });

  it("are the intervals between exchanges", () => {
    for (const vector of ofKind("pushPullScale")) {
      const intervalMs = input(vector, "interval") / NS_PER_MS;
      for (const [n = 0, result = 0] of rowsOf(vector)) {
        expectNs(scaledPushPullMs(intervalMs, n), result);
      }
    }
  });

  it("are how often a rumour is told", () => {
    for (const vector of ofKind("retransmitLimit")) {
      for (const [n = 0, result = 0] of rowsOf(vector)) {
        expect(retransmitLimit(input(vector, "mult"), n)).toBe(result);
      }
    }
  });
});
