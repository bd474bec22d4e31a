/** What does one operation cost with few and with very many rumours waiting? (one operation each) */
import { bench, describe } from "vitest";
import { TransmitLimitedQueue } from "@x/gossip-broadcast";

const PACKET_BYTES = 1400;
const OVERHEAD_BYTES = 2;

/** Rumours of 60 to 260 bytes about so many members, each replaced as soon as it was told enough. */
function filled(count: number): TransmitLimitedQueue {
  const queue = new TransmitLimitedQueue({ retransmitMultiplier: 4, memberCount: () => count });
  const tell = (index: number): void =>
    queue.enqueue({
      payload: payloadFor(index),
      key: `member-${index}`,
      finished: (reason) => {
        if (reason === "transmitted") tell(index);
      },
    });
  for (let index = 0; index < count; index += 1) tell(index);
  return queue;
}

function payloadFor(index: number): Uint8Array {
  return new Uint8Array(60 + ((index * 7919) % 201));
}

for (const count of [100, 10_000, 100_000]) {
  describe(`${count} rumours wait`, () => {
    const queue = filled(count);
    const payloads = Array.from({ length: 1024 }, (_, index) => payloadFor(index));
    let next = 0;
    bench("fill one packet of 1400 bytes", () => {
      queue.take(OVERHEAD_BYTES, PACKET_BYTES);
    });
    bench("replace one named rumour", () => {
      next += 1;
      queue.enqueue({
        payload: payloads[next % 1024] ?? payloadFor(next),
        key: `member-${(next * 104_729) % count}`,
      });
    });
    bench("ask whether a rumour waits", () => {
      next += 1;
      queue.has(`member-${next % count}`);
    });
  });
}

describe("nothing waits", () => {
  const queue = filled(0);
  bench("fill one packet", () => {
    queue.take(OVERHEAD_BYTES, PACKET_BYTES);
  });
});

describe("100000 rumours wait, queued anew each time", () => {
  let queue = filled(0);
  bench(
    "prune to 4096",
    () => {
      queue.prune(4096);
    },
    {
      iterations: 5,
      time: 0,
      warmupIterations: 1,
      warmupTime: 0,
      setup: (task) => {
        task.opts.beforeEach = (): void => {
          queue = filled(100_000);
        };
      },
    },
  );
});
