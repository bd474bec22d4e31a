/**
 * What is wrong with which links just now: partitions, one-way cuts, losses, slow paths.
 *
 * Everything a network fault does to a link is one rule, and rules add up. As long as there is none
 * a packet pays for one comparison.
 */

/** Some members by name, or all of them. */
export type MemberSelection = "all" | readonly string[];

/** What a rule does to packets from `from` to `to`, in this direction only. */
export interface LinkRule {
  readonly from: MemberSelection;
  readonly to: MemberSelection;
  /** Share of datagrams lost, and of stream segments sent again; 1 cuts the link. */
  readonly lossRatio?: number;
  /** As `lossRatio`, for datagrams alone: 1 is UDP blocked with TCP open. */
  readonly datagramLossRatio?: number;
  readonly extraLatencyMs?: number;
  /** Share of datagrams that arrive twice. */
  readonly duplicateRatio?: number;
  /** Share of datagrams with one byte changed. */
  readonly corruptRatio?: number;
  /** Share of datagrams that arrive once more, much later. */
  readonly replayRatio?: number;
}

/** Takes back what was done. */
export interface Undo {
  (): void;
}

/** All rules together for one packet. Filled anew by each question; do not keep it. */
export interface LinkState {
  datagramLossRatio: number;
  streamLossRatio: number;
  extraLatencyMs: number;
  duplicateRatio: number;
  corruptRatio: number;
  replayRatio: number;
}

interface ActiveRule {
  readonly rule: LinkRule;
  from: Uint8Array | undefined;
  to: Uint8Array | undefined;
}

/** The rules in force. */
export class LinkRules {
  readonly #indexOf = new Map<string, number>();
  readonly #base: LinkState;
  readonly #state: LinkState;
  readonly #rules: ActiveRule[] = [];

  /** @param base - what holds for every link at all times. */
  constructor(base: Omit<LinkRule, "from" | "to"> = {}) {
    checkRule({ from: "all", to: "all", ...base });
    const lossRatio = base.lossRatio ?? 0;
    this.#base = {
      datagramLossRatio: either(lossRatio, base.datagramLossRatio ?? 0),
      streamLossRatio: lossRatio,
      extraLatencyMs: base.extraLatencyMs ?? 0,
      duplicateRatio: base.duplicateRatio ?? 0,
      corruptRatio: base.corruptRatio ?? 0,
      replayRatio: base.replayRatio ?? 0,
    };
    this.#state = { ...this.#base };
  }

  /** Makes a name known; rules may name members that come later. */
  register(name: string, index: number): void {
    this.#indexOf.set(name, index);
    for (const active of this.#rules) this.#compile(active);
  }

  /** Puts a rule in force until the answer is called. @throws {RangeError} if a ratio is no ratio. */
  add(rule: LinkRule): Undo {
    checkRule(rule);
    const active: ActiveRule = { rule, from: undefined, to: undefined };
    this.#compile(active);
    this.#rules.push(active);
    return () => {
      const index = this.#rules.indexOf(active);
      if (index >= 0) this.#rules.splice(index, 1);
    };
  }

  /** What a packet from `source` to `target` meets. Valid until the next question. */
  between(source: number, target: number): Readonly<LinkState> {
    if (this.#rules.length === 0) return this.#base;
    const state = Object.assign(this.#state, this.#base);
    for (const { rule, from, to } of this.#rules) {
      if (from !== undefined && from[source] !== 1) continue;
      if (to !== undefined && to[target] !== 1) continue;
      const lossRatio = rule.lossRatio ?? 0;
      state.streamLossRatio = either(state.streamLossRatio, lossRatio);
      state.datagramLossRatio = either(
        either(state.datagramLossRatio, lossRatio),
        rule.datagramLossRatio ?? 0,
      );
      state.extraLatencyMs += rule.extraLatencyMs ?? 0;
      state.duplicateRatio = either(state.duplicateRatio, rule.duplicateRatio ?? 0);
      state.corruptRatio = either(state.corruptRatio, rule.corruptRatio ?? 0);
      state.replayRatio = either(state.replayRatio, rule.replayRatio ?? 0);
    }
    return state;
  }

  #compile(active: ActiveRule): void {
    active.from = this.#maskOf(active.rule.from);
    active.to = this.#maskOf(active.rule.to);
  }

  #maskOf(selection: MemberSelection): Uint8Array | undefined {
    if (selection === "all") return undefined;
    const mask = new Uint8Array(this.#indexOf.size);
    for (const name of selection) {
      const index = this.#indexOf.get(name);
      if (index !== undefined) mask[index] = 1;
    }
    return mask;
  }
}

/** The chance that at least one of two independent things happens. */
function either(first: number, second: number): number {
  return first + second - first * second;
}

function checkRule(rule: LinkRule): void {
  for (const [name, value] of Object.entries(rule)) {
    if (name.endsWith("Ratio") && !(value >= 0 && value <= 1)) {
      throw new RangeError(`${name} must lie within 0 and 1, got ${value}`);
    }
  }
  const { extraLatencyMs = 0 } = rule;
  if (!(extraLatencyMs >= 0 && extraLatencyMs < Infinity)) {
    throw new RangeError(`extraLatencyMs must be >= 0, got ${extraLatencyMs}`);
  }
}
