/** Which states are compressed on a stream, where both sides compress. */
import { describe, expect, it } from "vitest";
import type { StreamId, SwimDelegate } from "@x/swim";
import { MessageType } from "@x/swim/wire";
import { asked, entries, startJoin, state, stepUntilAnswered } from "./support/exchanges.ts";
import { LoneCore } from "./support/lone-core.ts";

/** A core whose layer above adds so many bytes, which compress well. */
function coreWith(memberCount: number, userStateBytes: number): LoneCore {
  const delegate: SwimDelegate = { localState: () => new Uint8Array(userStateBytes) };
  const core = new LoneCore({ compress: true, delegate });
  // Itself is one of them.
  core.dialWith(state(entries(memberCount - 1)));
  core.advance(0);
  if (core.swim.memberCount !== memberCount) throw new Error("not all are merged");
  return core;
}

function isCompressed(core: LoneCore, streamId: StreamId): boolean {
  const written = core.directives.find(
    (directive) => directive.kind === "write-stream" && directive.streamId === streamId,
  );
  if (written?.kind !== "write-stream") throw new Error("nothing was written");
  return written.bytes[0] === MessageType.compress;
}

function answerOf(core: LoneCore): StreamId {
  const { id } = core.dialWith(state([]));
  stepUntilAnswered(core, id);
  return id;
}

describe("a state on a stream", () => {
  it("is sent as it is while it fits into one segment: 128 bytes a member and what is above", () => {
    const answers = [
      [1, 1_072],
      [1, 1_073],
      [9, 48],
      [9, 49],
    ].map(([memberCount = 0, userStateBytes = 0]) => {
      const core = coreWith(memberCount, userStateBytes);
      return isCompressed(core, answerOf(core));
    });

    expect(answers).toEqual([false, true, false, true]);
  });

  it("is sent as it is above 2,000 members, since compressing takes longer than sending", () => {
    const answers = [2_000, 2_001].map((memberCount) => {
      const core = coreWith(memberCount, 0);
      return isCompressed(core, answerOf(core));
    });

    expect(answers).toEqual([true, false]);
  });

  it("is no different where it is a newcomer's request", () => {
    const requests = [1_072, 1_073].map((userStateBytes) => {
      const core = coreWith(1, userStateBytes);
      startJoin(core);
      return isCompressed(core, asked(core).streamId);
    });

    expect(requests).toEqual([false, true]);
  });
});
