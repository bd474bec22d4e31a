/**
 * Figures about this process, under the names the reference's dashboards know.
 *
 * Source: agent specification §12.
 */
import type { Metrics } from "@x/agent";
import { garbageCollector, SpareHeap } from "./spare-heap.ts";

/** As often as the reference, for daemons that draw curves. */
const sinkIntervalMs = 1_000;
/** The length of an interval of the dump. */
const dumpIntervalMs = 10_000;

/**
 * Samples as long as the agent runs: every second if a daemon hears it, else once in each interval
 * of the dump. Waking an idle agent every second would be a tenth of all it does. The same occasion
 * serves to give spare memory back.
 *
 * @returns what ends it.
 */
export function keepSampling(metrics: Metrics): () => void {
  const collect = garbageCollector();
  const spareHeap = collect === undefined ? undefined : new SpareHeap(collect);
  const timer = setInterval(
    () => {
      const { heapTotal } = sampleProcess(metrics);
      spareHeap?.look(heapTotal);
    },
    metrics.hasSinks ? sinkIntervalMs : dumpIntervalMs,
  );
  timer.unref();
  return () => clearInterval(timer);
}

/** Reads the figures once. @returns those of the memory. */
export function sampleProcess(metrics: Metrics): NodeJS.MemoryUsage {
  const memory = process.memoryUsage();
  const usage = process.resourceUsage();
  metrics.gauge(["runtime", "alloc_bytes"], memory.heapUsed);
  metrics.gauge(["runtime", "sys_bytes"], memory.rss);
  metrics.gauge(["runtime", "heap_objects"], memory.heapTotal);
  metrics.gauge(["runtime", "num_goroutines"], process.getActiveResourcesInfo().length);
  metrics.gauge(["runtime", "malloc_count"], usage.minorPageFault);
  metrics.gauge(["runtime", "free_count"], 0);
  metrics.gauge(["runtime", "total_gc_pause_ns"], 0);
  metrics.gauge(["runtime", "total_gc_runs"], 0);
  return memory;
}
