/**
 * How dear it would be to compile an expression, told before it is compiled.
 *
 * Matching is linear, but compiling is not harmless: a thousand bytes such as `a{1000}b{1000}…`
 * become a hundred thousand instructions, and each `\pL` stands for hundreds of ranges, so that one
 * short expression could hold a member up for a second. This scan is no parser and judges no
 * syntax; it counts what costs, rather too much than too little.
 *
 * One unit is about ten microseconds on a machine of 2026 that sees the expression for the first
 * time.
 */

/** Units of what is not a plain character. Measured; see `bench/query-filter.bench.ts`. */
const unicodeClassCost = 100;
const shorthandClassCost = 10;
const bracketClassCost = 10;
const anyCharacterCost = 4;

/** RE2 repeats nothing more often. */
const mostRepetitions = 1000;

/** What a part of an expression costs: once to read, and in instructions, which repetition multiplies. */
interface Cost {
  reading: number;
  instructions: number;
}

const repetition = /\{(\d+)(?:,(\d*))?\}/y;
const unicodeClass = /\\[pP](?:\{[^}]*\}|.)/y;
const quoted = /\\Q([^]*?)(?:\\E|$)/y;
const hexEscape = /\\x(?:\{[^}]*\}|..)/y;
const groupStart = /\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*:?))?/y;

/**
 * Units that compiling `pattern` costs at the most, roughly.
 *
 * @example
 * estimateRe2Cost("^web[0-9]+$"); // => 20
 */
export function estimateRe2Cost(pattern: string): number {
  const scan = new CostScan(pattern);
  return scan.total();
}

class CostScan {
  readonly #pattern: string;
  #at = 0;
  /** Open groups, the whole expression first; each the sum of its parts but the last. */
  readonly #groups: Cost[] = [{ reading: 0, instructions: 0 }];
  /** The part a repetition would repeat. */
  #last: Cost = { reading: 0, instructions: 0 };

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  total(): number {
    while (this.#at < this.#pattern.length) this.#step();
    while (this.#groups.length > 1) this.#closeGroup();
    this.#settleLast();
    const [whole] = this.#groups;
    return (whole?.reading ?? 0) + (whole?.instructions ?? 0);
  }

  #step(): void {
    switch (this.#pattern[this.#at]) {
      case "\\":
        return this.#escape();
      case "[":
        return this.#bracketClass();
      case "(":
        this.#take(groupStart);
        this.#settleLast();
        this.#groups.push({ reading: 2, instructions: 2 });
        return;
      case ")":
        this.#at++;
        return this.#closeGroup();
      case "{":
        return this.#repeat();
      default:
        return this.#part(this.#pattern[this.#at] === "." ? anyCharacterCost : 0, 1);
    }
  }

  #escape(): void {
    const text = this.#take(quoted);
    if (text !== undefined) return this.#add(0, text.length);
    if (this.#take(unicodeClass) !== undefined) return this.#add(unicodeClassCost, 1);
    if (this.#take(hexEscape) !== undefined) return this.#add(0, 1);
    const isShorthand = /[dDwWsS]/.test(this.#pattern[this.#at + 1] ?? "");
    this.#at++;
    return this.#part(isShorthand ? shorthandClassCost : 0, 1);
  }

  #bracketClass(): void {
    let reading = bracketClassCost;
    this.#at++;
    if (this.#pattern[this.#at] === "^") this.#at++;
    // A bracket that comes first is an ordinary character.
    if (this.#pattern[this.#at] === "]") this.#at++;
    while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== "]") {
      reading += 1;
      if (this.#take(/\[:[^\]]*:\]/y) !== undefined) continue;
      if (this.#take(unicodeClass) !== undefined) reading += unicodeClassCost;
      else if (this.#take(/\\[dDwWsS]/y) !== undefined) reading += shorthandClassCost;
      else this.#at += this.#pattern[this.#at] === "\\" ? 2 : 1;
    }
    this.#at++;
    this.#add(reading, 1);
  }

  #repeat(): void {
    const text = this.#take(repetition);
    if (text === undefined) return this.#part(0, 1);
    const most = Math.max(1, ...(text.match(/\d+/g) ?? []).map(Number));
    // More is refused by the compiler, at no cost and in better words.
    this.#last.instructions *= Math.min(most, mostRepetitions) + 1;
  }

  #closeGroup(): void {
    this.#settleLast();
    const group = this.#groups.length > 1 ? this.#groups.pop() : undefined;
    if (group !== undefined) this.#last = group;
  }

  /** One character, with what it costs. */
  #part(reading: number, instructions: number): void {
    this.#at++;
    this.#add(reading, instructions);
  }

  #add(reading: number, instructions: number): void {
    this.#settleLast();
    this.#last = { reading, instructions };
  }

  #settleLast(): void {
    const group = this.#groups.at(-1);
    if (group !== undefined) {
      group.reading += this.#last.reading;
      group.instructions += this.#last.instructions;
    }
    this.#last = { reading: 0, instructions: 0 };
  }

  /** Takes what the sticky expression finds here. */
  #take(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const [found] = expression.exec(this.#pattern) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
