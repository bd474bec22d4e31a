/**
 * Figures about this process, once a second, under the names the reference's dashboards know.
 *
 * Source: agent specification §12.
 */
import type { Metrics } from "@x/agent";

/** Reads the figures once; the caller says when. */
export function sampleProcess(metrics: Metrics): void {
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
}
