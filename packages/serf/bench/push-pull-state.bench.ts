/** How long does it take to merge the state of a cluster of 10,000 that is known already? */
import { bench, describe } from "vitest";
import { Rooms } from "../test/support/rooms.ts";

const rooms = new Rooms();
for (let index = 0; index < 10_000; index += 1) rooms.joined(`member-${index}`);
rooms.events.length = 0;
rooms.reports.length = 0;
const state = rooms.pushPull.encode();

describe("push/pull of 10,000 members", () => {
  bench("encode", () => {
    rooms.pushPull.encode();
  });

  bench("merge", () => {
    rooms.pushPull.merge(state, false, 0);
  });
});
