/**
 * Decides whether a query is meant for this member, by its name and tags.
 *
 * All filters must pass. A filter that cannot be read, names an unknown type or holds an
 * expression that does not compile makes the query one we do not answer, though it is still told
 * on: that is decided before and elsewhere.
 *
 * Filters come from strangers, so the work of one query is bounded: expressions run in linear
 * time (`re2-expression.ts`), what it would cost to compile them is estimated first
 * (`re2-cost.ts`), and the sum over all filters must stay below a limit.
 *
 * Source: Serf specification §3.6, §10.2.
 */
import { WireError } from "@x/swim/wire";
import type { Tags } from "./member.ts";
import {
  compileRe2,
  defaultExpressionBytesLimit,
  Re2Error,
  type Re2Expression,
} from "./re2-expression.ts";
import { decodeFilter } from "./wire/filter-codec.ts";

/** Bounds of a `QueryFilterMatcher`. */
export interface QueryFilterLimits {
  /** Longest expression, in bytes of UTF-8. */
  readonly expressionBytes: number;
  /** Compiled expressions kept for the next query. */
  readonly cachedExpressions: number;
  /**
   * Most work one query may ask for, summed over its tag filters: program instructions times
   * characters of the tag's value, and `workPerCompileUnit` for each unit of compiling. Some 20 ms
   * at the default, whereas a usual filter needs some thousands.
   */
  readonly work: number;
}

/** What protects a member unless told otherwise. */
export const defaultQueryFilterLimits: QueryFilterLimits = {
  expressionBytes: defaultExpressionBytesLimit,
  cachedExpressions: 32,
  work: 250_000,
};

/** A unit of compiling (see `re2-cost.ts`) takes as long as so many steps of matching. */
const workPerCompileUnit = 100;

/**
 * Characters matched before a cached expression is compiled anew. An engine remembers a state per
 * character in the worst case; retiring it bounds the memory a hostile expression can pin.
 */
const retireAfterCharacters = 4096;

interface CachedExpression {
  readonly expression: Re2Expression;
  charactersLeft: number;
}

/**
 * Applies filters, remembering compiled expressions between queries.
 *
 * Deviation: the reference spends any amount of work on a query; here one beyond the limits is
 * treated like one whose filters cannot be read. Source: Serf specification §20 item 22.
 */
export class QueryFilterMatcher {
  readonly #limits: QueryFilterLimits;
  /** By pattern, least recently used first. */
  readonly #cache = new Map<string, CachedExpression>();

  constructor(limits: Partial<QueryFilterLimits> = {}) {
    this.#limits = { ...defaultQueryFilterLimits, ...limits };
  }

  /** How many compiled expressions are kept. */
  get cachedCount(): number {
    return this.#cache.size;
  }

  /**
   * Whether all filters pass; never throws.
   *
   * @param filters - as received; `undefined` filters nothing.
   * @param name - this member's name, compared byte for byte.
   */
  matches(filters: readonly Uint8Array[] | undefined, name: string, tags: Tags): boolean {
    try {
      return this.#passesAll(filters ?? [], name, tags);
    } catch (error) {
      // A filter nobody can apply means: this query is not for us.
      if (error instanceof WireError || error instanceof Re2Error) return false;
      throw error;
    }
  }

  #passesAll(filters: readonly Uint8Array[], name: string, tags: Tags): boolean {
    let workLeft = this.#limits.work;
    for (const encoded of filters) {
      const filter = decodeFilter(encoded);
      if (filter.kind === "node") {
        if (!filter.names.includes(name)) return false;
        continue;
      }
      const value = Object.hasOwn(tags, filter.tag) ? (tags[filter.tag] ?? "") : "";
      const cached = this.#expression(filter.expression, workLeft / workPerCompileUnit);
      const { expression } = cached;
      // Known expressions are charged like new ones: whom a query reaches must not depend on what
      // was asked before.
      workLeft -= expression.compileCost * workPerCompileUnit;
      workLeft -= expression.programSize * value.length;
      if (workLeft < 0) return false;
      cached.charactersLeft -= value.length;
      if (!expression.test(value)) return false;
    }
    return true;
  }

  /** @throws {Re2Error} if the pattern does not compile; nothing is cached then. */
  #expression(pattern: string, costLimit: number): CachedExpression {
    const known = this.#cache.get(pattern);
    this.#cache.delete(pattern);
    const isFresh = known !== undefined && known.charactersLeft > 0;
    const cached = isFresh ? known : this.#compile(pattern, costLimit);
    this.#cache.set(pattern, cached);
    if (this.#cache.size > this.#limits.cachedExpressions) {
      const [leastRecent] = this.#cache.keys();
      if (leastRecent !== undefined) this.#cache.delete(leastRecent);
    }
    return cached;
  }

  #compile(pattern: string, costLimit: number): CachedExpression {
    const bytesLimit = this.#limits.expressionBytes;
    const expression = compileRe2(pattern, { bytesLimit, costLimit });
    return { expression, charactersLeft: retireAfterCharacters };
  }
}
