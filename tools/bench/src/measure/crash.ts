/** A crash: how long until everybody knows, and who else is taken for dead meanwhile. */
import { allHeard, BenchCluster } from "../bench-cluster.ts";
import { patienceMs, wait, type Measurement } from "./measurement.ts";

export function crash(profile: "lan" | "local"): Measurement {
  return {
    name: `crash-${profile}`,
    runs: 3,
    async measure(program, flags) {
      const cluster = await BenchCluster.start({ program, memberCount: 17, profile, flags });
      try {
        await wait(3_000);
        let heard: (index: number, line: string) => void = () => {};
        const stop = await cluster.watchLog((index, line) => heard(index, line));
        const all = allHeard(16, performance.now(), patienceMs);
        let falseCount = 0;
        heard = (member, line) => {
          if (/EventMemberFailed: m16 /.test(line)) all.heard(member);
          else if (line.includes("EventMemberFailed")) falseCount += 1;
        };
        cluster.members.at(-1)?.agent.signal("SIGKILL");
        const seenMs = await all.last;
        stop();
        return {
          [`crash known to all 16, ${profile}, ms`]: [seenMs],
          [`false failures, ${profile}`]: [falseCount],
        };
      } finally {
        await cluster.close();
      }
    },
  };
}
