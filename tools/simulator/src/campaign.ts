/**
 * One story told from many seeds: in batches, counted, and with a command that tells it again.
 *
 * A campaign that never saw a suspicion proves nothing about refutations, so stories count what
 * they saw and the campaign is asked at its end.
 */
import { seeds } from "./seeded-random.ts";
import { SimulationError } from "./simulation-error.ts";

/** Seeds that one test runs: reports stay short. */
export interface SeedBatch {
  readonly title: string;
  readonly seeds: readonly number[];
}

export interface CampaignOptions {
  /** The test file, as the test runner takes it from the root of the repository. */
  readonly file: string;
  /** How many seeds, counted from 1. */
  readonly seedCount: number;
  /** Seeds that once failed, told as well. */
  readonly keptSeeds?: readonly number[];
  /** Seeds in a batch; 10. */
  readonly batchSize?: number;
  /**
   * Variables of the process: `SIM_SEED=17` tells the story from seed 17 alone, `SIM_SEEDS=1000` from
   * so many.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A story's seeds, and what was seen while it was told. */
export class Campaign {
  readonly batches: readonly SeedBatch[];
  /** All seeds are told, not one that is looked at: the counts mean something. */
  readonly isWhole: boolean;
  /** How many seeds are told. */
  readonly seedCount: number;
  readonly #file: string;
  readonly #counts = new Map<string, number>();
  readonly #distinct = new Map<string, Set<string>>();

  /** @throws {RangeError} if a variable holds no seed or number of seeds. */
  constructor(options: CampaignOptions) {
    const { file, seedCount, keptSeeds = [], batchSize = 10, environment = {} } = options;
    const only = wholeNumber(environment, "SIM_SEED");
    const count = wholeNumber(environment, "SIM_SEEDS") ?? seedCount;
    const all = only === undefined ? [...new Set([...seeds(count), ...keptSeeds])] : [only];
    this.#file = file;
    this.seedCount = all.length;
    this.isWhole = only === undefined && count >= seedCount;
    this.batches = Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) => {
      const part = all.slice(index * batchSize, (index + 1) * batchSize);
      const [first, last] = [part.at(0), part.at(-1)];
      return { title: first === last ? `seed ${first}` : `seeds ${first} to ${last}`, seeds: part };
    });
  }

  /** The command that tells the story of one seed again. */
  replayCommand(seed: number): string {
    return `SIM_SEED=${seed} npx vitest run ${this.#file}`;
  }

  /** Tells the story from each seed of a batch. What fails names its seed and its command. */
  run(batch: SeedBatch, story: (seed: number) => void): void {
    for (const seed of batch.seeds) {
      try {
        story(seed);
      } catch (error) {
        throw this.#traced(error, seed);
      }
    }
  }

  /** The same for stories that wait, one after the other. */
  async runWaiting(batch: SeedBatch, story: (seed: number) => Promise<void>): Promise<void> {
    for (const seed of batch.seeds) {
      try {
        await story(seed);
      } catch (error) {
        throw this.#traced(error, seed);
      }
    }
  }

  /** Counts something that was seen. */
  count(what: string, by: number = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  /** Notes one of several kinds of something, as the members of a partition. */
  countDistinct(what: string, value: string): void {
    const values = this.#distinct.get(what) ?? new Set();
    this.#distinct.set(what, values.add(value));
  }

  /** How often something was seen, or how many kinds of it. */
  counted(what: string): number {
    return this.#counts.get(what) ?? this.#distinct.get(what)?.size ?? 0;
  }

  #traced(error: unknown, seed: number): unknown {
    if (error instanceof SimulationError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new Error(`seed ${seed}: ${message}\nreplay: ${this.replayCommand(seed)}`, {
      cause: error,
    });
  }
}

function wholeNumber(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): number | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${name} must be a whole number, got ${text}`);
  }
  return value;
}
