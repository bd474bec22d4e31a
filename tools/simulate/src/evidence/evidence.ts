/** One measured line beside what a paper says. */
import { Cluster, type ClusterSetup } from "../cluster.ts";

export interface EvidenceRow {
  readonly what: string;
  readonly published: string;
  readonly ours: string;
}

/** A measured source: `pnpm sim evidence <name>`. */
export interface Evidence {
  readonly name: string;
  readonly source: string;
  /** Takes so long that it is measured only when it is named. */
  readonly isLarge?: boolean;
  measure(report: (row: EvidenceRow) => void): void;
}

/** A cluster in which everybody knows everybody and the news of the joins is told. */
export function formedCluster(
  memberCount: number,
  setup: ClusterSetup,
  {
    restMs = 30_000,
    joinsPerSecond = 1_000,
  }: { readonly restMs?: number; readonly joinsPerSecond?: number } = {},
): { readonly cluster: Cluster; readonly formedMs: number } {
  const cluster = new Cluster({ digest: false, keepEvents: 64, ...setup });
  cluster.add("m0");
  const join = (index: number): void => {
    if (index >= memberCount) return;
    cluster.add(`m${index}`);
    cluster.join(`m${index}`, "m0");
    cluster.simulation.after(1_000 / joinsPerSecond, () => join(index + 1));
  };
  cluster.simulation.after(1, () => join(1));
  const isFormed = (): boolean => cluster.views.upCount === memberCount && cluster.views.allAgree;
  cluster.simulation.runUntil(isFormed, { withinMs: 3_600_000 });
  const formedMs = cluster.nowMs;
  cluster.simulation.runFor(restMs);
  return { cluster, formedMs };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
