/** Exchanges of state with a lone core: the messages, and a join up to its answer. */
import type { StreamId } from "@x/swim";
import type { PushPullMessage, PushPullNode } from "@x/swim/wire";
import { endpoint, entryOf, LoneCore, type LoneCoreSettings } from "./lone-core.ts";

/** A push/pull with these members. */
export function state(
  nodes: readonly PushPullNode[],
  more: Partial<PushPullMessage> = {},
): PushPullMessage {
  return { kind: "push-pull", isJoin: false, nodes, userState: new Uint8Array(0), ...more };
}

/** So many members `m0`, `m1`, …, each at a port of its own. */
export function entries(count: number, first = 0): PushPullNode[] {
  return Array.from({ length: count }, (_, index) =>
    entryOf(`m${first + index}`, 2, { port: 1 + first + index }),
  );
}

/** Joins one address. @returns the stream and what came of it. */
export function startJoin(core: LoneCore): { streamId: StreamId; outcome: () => unknown } {
  let outcome: unknown;
  core.call(() =>
    core.swim.join([{ endpoint: endpoint(2), text: "x" }], core.nowMs, (settled) => {
      outcome = settled;
    }),
  );
  return { streamId: core.dialled().at(-1)?.streamId ?? -1, outcome: () => outcome };
}

/** Joins one address, which answers with these members. */
export function answerJoin(core: LoneCore, nodes: readonly PushPullNode[]): void {
  const { streamId } = startJoin(core);
  core.opened(streamId);
  core.answer(streamId, state(nodes, { isJoin: true }));
}

/** A core that has just joined a cluster of so many members. */
export function joined(count: number, settings: LoneCoreSettings = {}): LoneCore {
  const core = new LoneCore(settings);
  answerJoin(core, entries(count));
  return core;
}

/** Accepts the last connection the core asked for. @returns what it asks, and its stream. */
export function asked(core: LoneCore): {
  readonly streamId: number;
  readonly message: PushPullMessage;
} {
  const streamId = core.dialled().at(-1)?.streamId ?? -1;
  core.opened(streamId);
  const message = core.written(streamId, "acceptor");
  if (message?.kind !== "push-pull") throw new Error("no state was sent");
  return { streamId, message };
}

/** Reads a state up to its end, where it is answered, and begins to be merged. */
export function stepUntilAnswered(core: LoneCore, streamId: StreamId): void {
  for (let guard = 0; guard < 100; guard += 1) {
    if (core.written(streamId, "dialler") !== undefined) return;
    core.call(() => core.swim.handleTimeout(core.nowMs));
  }
  throw new Error("the state was not answered");
}
