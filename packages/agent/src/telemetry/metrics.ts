/**
 * Counts what an agent does, over the last minute, in intervals of ten seconds.
 *
 * Source: agent specification §12.
 */

/** Everything known about one counter or sample in one interval. */
interface Aggregate {
  count: number;
  sum: number;
  squares: number;
  min: number;
  max: number;
  lastMs: number;
}

interface Interval {
  readonly startMs: number;
  readonly gauges: Map<string, number>;
  readonly counters: Map<string, Aggregate>;
  readonly samples: Map<string, Aggregate>;
}

/** A counter adds up, a sample is one of many, a gauge replaces. */
export type MetricKind = "counter" | "sample" | "gauge";

/** Gets every figure as it is said, for a statsd daemon or the like. */
export interface MetricSink {
  write(kind: MetricKind, name: string, value: number): void;
  close(): void;
}

/** Length of an interval, in milliseconds. */
export const metricIntervalMs = 10_000;
/** Intervals kept: one minute. */
export const metricIntervalLimit = 6;
/** Different names kept per interval; further ones only reach the sinks. */
export const metricNameLimit = 4096;

const service = "serf-agent";

const separators = /[:|\s]/;

/** `:`, `|` and white space separate fields and lines on the wire, so names have none. */
export function metricName(parts: readonly string[]): string {
  const name = parts.join(".");
  // Looking costs a fifth of replacing, and there is hardly ever something to replace.
  return separators.test(name) ? name.replaceAll(/[:|\s]/g, "_") : name;
}

/** Keeps figures for the dump, and hands each to the sinks. */
export class Metrics {
  readonly #sinks: MetricSink[] = [];
  readonly #intervals: Interval[] = [];
  readonly #now: () => number;
  readonly #host: string;

  /** @param now - wall-clock milliseconds. @param host - stands in the names of gauges once there is a sink, which hears from many hosts. */
  constructor(now: () => number, host: string) {
    this.#now = now;
    this.#host = host;
  }

  get hasSinks(): boolean {
    return this.#sinks.length > 0;
  }

  addSink(sink: MetricSink): void {
    this.#sinks.push(sink);
  }

  /** One more of something. */
  count(parts: readonly string[], value = 1): void {
    const name = metricName([service, ...parts]);
    add(this.#current().counters, name, value, this.#now());
    for (const sink of this.#sinks) sink.write("counter", name, value);
  }

  /** One measurement, in milliseconds. */
  sample(parts: readonly string[], value: number): void {
    const name = metricName([service, ...parts]);
    add(this.#current().samples, name, value, this.#now());
    for (const sink of this.#sinks) sink.write("sample", name, value);
  }

  /** How much of something there is now. */
  gauge(parts: readonly string[], value: number): void {
    const host = this.#sinks.length > 0 ? [this.#host] : [];
    const name = metricName([service, ...host, ...parts]);
    const { gauges } = this.#current();
    if (gauges.size < metricNameLimit || gauges.has(name)) gauges.set(name, value);
    for (const sink of this.#sinks) sink.write("gauge", name, value);
  }

  /** The finished intervals and the current one, one line per figure. */
  dump(): string {
    this.#current();
    return this.#intervals.map(formatInterval).join("");
  }

  close(): void {
    for (const sink of this.#sinks) sink.close();
    this.#sinks.length = 0;
  }

  #current(): Interval {
    const startMs = Math.floor(this.#now() / metricIntervalMs) * metricIntervalMs;
    const last = this.#intervals.at(-1);
    if (last?.startMs === startMs) return last;
    const interval = {
      startMs,
      gauges: new Map<string, number>(),
      counters: new Map<string, Aggregate>(),
      samples: new Map<string, Aggregate>(),
    };
    this.#intervals.push(interval);
    while (this.#intervals.length > metricIntervalLimit) this.#intervals.shift();
    return interval;
  }
}

function add(table: Map<string, Aggregate>, name: string, value: number, nowMs: number): void {
  const aggregate = table.get(name);
  if (aggregate === undefined) {
    if (table.size >= metricNameLimit) return;
    table.set(name, {
      count: 1,
      sum: value,
      squares: value * value,
      min: value,
      max: value,
      lastMs: nowMs,
    });
    return;
  }
  aggregate.count += 1;
  aggregate.sum += value;
  aggregate.squares += value * value;
  aggregate.min = Math.min(aggregate.min, value);
  aggregate.max = Math.max(aggregate.max, value);
  aggregate.lastMs = nowMs;
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

function formatInterval(interval: Interval): string {
  const time = timeText(interval.startMs);
  const lines: string[] = [];
  for (const [name, value] of [...interval.gauges].sort()) {
    lines.push(`[${time}][G] '${name}': ${value.toFixed(3)}\n`);
  }
  for (const [letter, table] of [
    ["C", interval.counters],
    ["S", interval.samples],
  ] as const) {
    for (const name of [...table.keys()].sort()) {
      const aggregate = table.get(name);
      if (aggregate === undefined) continue;
      lines.push(`[${time}][${letter}] '${name}': ${formatAggregate(aggregate)}\n`);
    }
  }
  return lines.join("");
}

function formatAggregate(aggregate: Aggregate): string {
  const { count, sum, squares, min, max, lastMs } = aggregate;
  const last = `LastUpdated: ${timeText(lastMs)}`;
  if (count === 1) return `Count: 1 Sum: ${sum.toFixed(3)} ${last}`;
  const variance = Math.max(0, (count * squares - sum * sum) / (count * (count - 1)));
  return (
    `Count: ${count} Min: ${min.toFixed(3)} Mean: ${(sum / count).toFixed(3)} ` +
    `Max: ${max.toFixed(3)} Stddev: ${Math.sqrt(variance).toFixed(3)} Sum: ${sum.toFixed(3)} ${last}`
  );
}
