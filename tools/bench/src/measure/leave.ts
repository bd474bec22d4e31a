/** A leave: how long it takes to be answered, and to be known to the others. */
import { allHeard, BenchCluster } from "../bench-cluster.ts";
import { patienceMs, wait, type Measurement } from "./measurement.ts";

export const leave: Measurement = {
  name: "leave",
  runs: 2,
  async measure(program, flags) {
    const cluster = await BenchCluster.start({ program, memberCount: 9, flags });
    try {
      // Long enough that every member has probed every other.
      await wait(15_000);
      const leaver = cluster.members.at(-1) ?? cluster.first;
      let heard: (index: number, line: string) => void = () => {};
      const stop = await cluster.watchLog((index, line) => heard(index, line));
      const startMs = performance.now();
      const all = allHeard(8, startMs, patienceMs);
      heard = (member, line) => {
        const isLeave = /EventMemberLeave.*: m8 /.test(line);
        if (isLeave && member !== 8) all.heard(member);
      };
      const answered = leaver.client.leave().then(() => performance.now() - startMs);
      const seenMs = await all.last;
      const answeredMs = await answered;
      stop();
      return { "leave answered, ms": [answeredMs], "leave known to all 8, ms": [seenMs] };
    } finally {
      await cluster.close();
    }
  },
};
