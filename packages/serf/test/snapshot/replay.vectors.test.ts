import { describe, expect, it } from "vitest";
import { replaySnapshot } from "../../src/snapshot/snapshot-state.ts";
import { readVectorFile, readVectors, record, type VectorCase } from "../support/vectors.ts";

const cases = readVectors("snapshot/replay.json");

function contentOf({ input }: VectorCase): Uint8Array {
  const { file, content } = input;
  return typeof file === "string"
    ? readVectorFile(`snapshot/${file}`)
    : new Uint8Array(Buffer.from(String(content), "utf8"));
}

describe("replaySnapshot", () => {
  it("is compared with all 68 replays recorded from the reference", () => {
    expect(cases).toHaveLength(68);
  });

  it.each(cases.map((vector) => [vector.name, vector] as const))(
    "%s: recovers what the reference recovers, and complains in its words",
    (_name, vector) => {
      const wanted = record(vector.output);
      const rejoinAfterLeave = vector.input["rejoinAfterLeave"] === true;

      const { state } = replaySnapshot(contentOf(vector), { rejoinAfterLeave });

      const alive = Array.from(state.alive, ([name, addr]) => ({ name, addr }));
      expect(alive.toSorted((left, right) => (left.name < right.name ? -1 : 1))).toEqual(
        wanted["aliveNodes"],
      );
      expect(String(state.lamportTime)).toBe(wanted["lastClock"]);
      expect(String(state.eventLamportTime)).toBe(wanted["lastEventClock"]);
      expect(String(state.queryLamportTime)).toBe(wanted["lastQueryClock"]);
      const log = [
        ...state.problems.map((problem) => `[WARN] serf: ${problem}`),
        ...(state.hasIgnoredLeave ? ["[INFO] serf: Ignoring previous leave in snapshot"] : []),
      ];
      expect(log).toEqual(wanted["log"]);
    },
  );
});
