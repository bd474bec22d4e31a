/**
 * What each figure shall be, beside the reference's in the same run, or by itself.
 */

/** `ratio`: ours / the reference's. `value`: ours alone, whatever the reference's is. */
export interface Target {
  readonly kind: "ratio" | "value";
  readonly bound: "at-most" | "at-least";
  readonly limit: number;
}

const atMost = (limit: number): Target => ({ kind: "ratio", bound: "at-most", limit });
const atLeast = (limit: number): Target => ({ kind: "ratio", bound: "at-least", limit });
const valueAtMost = (limit: number): Target => ({ kind: "value", bound: "at-most", limit });

/** The first whose pattern fits a figure's name is its target. */
const targets: readonly (readonly [RegExp, Target])[] = [
  [/, beside bare Node/, atMost(1.3)],
  [/^one file: /, atMost(4)],
  [/^user event to all/, atMost(0.1)],
  [/^query, all acks/, atMost(0.15)],
  [/^tag update to all/, atMost(0.2)],
  [/^leave (answered|known)/, atMost(0.2)],
  [/^crash known/, atMost(0.8)],
  [/^false failures/, atMost(1)],
  [/^events per second carried/, atLeast(20)],
  [/^join and agree, 200 /, atMost(0.6)],
  [/^join and agree/, atMost(1)],
  [/^event in a storm/, valueAtMost(2_000)],
  [/^idle (datagrams|bytes|CPU)/, atMost(1)],
  [/^(datagrams|bytes) per member/, atMost(1)],
  [/^CPU per 10,000 events/, atMost(1)],
  [/^CPU per 10,000 pings/, atMost(0.2)],
  [/^CPU per 1,000/, atMost(1)],
  [/^pings answered/, atLeast(5)],
  [/^`members` calls/, atLeast(2)],
  [/^events accepted/, atLeast(1)],
  [/^memory per known member/, atMost(1)],
  [/^longest wait .* ping, merging/, valueAtMost(20)],
];

export function targetOf(figure: string): Target | undefined {
  const plain = figure.replace(/^encrypted: /, "");
  return targets.find(([pattern]) => pattern.test(plain))?.[1];
}

/**
 * @param ours - one of the figure's quantiles.
 * @param reference - the same of the reference's.
 */
export function isMet(target: Target, ours: number, reference: number): boolean {
  const measured = target.kind === "value" ? ours : ours === reference ? 1 : ours / reference;
  return target.bound === "at-most" ? measured <= target.limit : measured >= target.limit;
}

/** As the table says it. */
export function targetText({ kind, bound, limit }: Target): string {
  const sign = bound === "at-most" ? "≤" : "≥";
  const number = limit.toLocaleString("en-US");
  return kind === "ratio" ? `${sign} ${number} ×` : `${sign} ${number}`;
}
