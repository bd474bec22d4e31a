/**
 * Who believes what about whom, beside what is true: kept up to date from what each core tells its
 * user, so that asking costs nothing even among ten thousand members.
 *
 * Read next: `cluster.ts`.
 */

/** What one member believes of another. */
export type Belief = "unknown" | "alive" | "suspect" | "dead" | "left";

const BELIEFS: readonly Belief[] = ["unknown", "alive", "suspect", "dead", "left"];
const ALIVE = 1;
const SUSPECT = 2;

/** The beliefs of all members about all members. */
export class Views {
  readonly names: string[] = [];
  readonly #indexOf = new Map<string, number>();
  /** A row for each observer, a byte for each subject. */
  readonly #believed: Uint8Array[] = [];
  /** Whether a member takes part: running, and not on its way out. */
  readonly #isUp: boolean[] = [];
  /** For each observer: how many subjects it is wrong about. */
  readonly #wrongCounts: number[] = [];
  /** For each subject: how many members that take part believe it alive or suspect. */
  readonly #hopefulCounts: number[] = [];
  #upCount = 0;
  #agreeingCount = 0;

  /** Members that take part. */
  get upCount(): number {
    return this.#upCount;
  }

  /** Members that take part and are right about everybody. */
  get agreeingCount(): number {
    return this.#agreeingCount;
  }

  get allAgree(): boolean {
    return this.#agreeingCount === this.#upCount;
  }

  /** A new process of a member, knowing itself alone. Its name may be new, too. */
  begin(name: string): void {
    const index = this.#indexOf.get(name) ?? this.#grow(name);
    this.setUp(name, false);
    const row = this.#believed[index] as Uint8Array;
    row.fill(0);
    row[index] = ALIVE;
    this.#recountObserver(index);
    this.setUp(name, true);
  }

  /** A member begins or stops to take part; what it believes stays. */
  setUp(name: string, isUp: boolean): void {
    const index = this.#known(name);
    if (this.#isUp[index] === isUp) return;
    this.#isUp[index] = isUp;
    this.#upCount += isUp ? 1 : -1;
    const own = this.#believed[index] as Uint8Array;
    let agreeing = 0;
    for (let other = 0; other < this.names.length; other += 1) {
      const isHopeful = isHope((this.#believed[other] as Uint8Array)[index] as number);
      const wrong = (this.#wrongCounts[other] ?? 0) + (isHopeful === isUp ? -1 : 1);
      this.#wrongCounts[other] = wrong;
      if (other !== index && isHope(own[other] as number)) {
        this.#hopefulCounts[other] = (this.#hopefulCounts[other] ?? 0) + (isUp ? 1 : -1);
      }
      if (this.#isUp[other] === true && wrong === 0) agreeing += 1;
    }
    this.#agreeingCount = agreeing;
  }

  isUp(name: string): boolean {
    const index = this.#indexOf.get(name);
    return index !== undefined && this.#isUp[index] === true;
  }

  of(observer: string, subject: string): Belief {
    const row = this.#believed[this.#known(observer)] as Uint8Array;
    const index = this.#indexOf.get(subject);
    return index === undefined ? "unknown" : (BELIEFS[row[index] ?? 0] as Belief);
  }

  /** How many members that take part, itself aside, believe a member alive or suspect. */
  hopefulCount(subject: string): number {
    return this.#hopefulCounts[this.#known(subject)] ?? 0;
  }

  /** An observer changed its mind. Names nobody added are ignored: an invented member has no truth. */
  set(observer: string, subject: string, belief: Belief): void {
    const from = this.#indexOf.get(observer);
    const to = this.#indexOf.get(subject);
    if (from === undefined || to === undefined) return;
    const row = this.#believed[from] as Uint8Array;
    const before = row[to] as number;
    const code = BELIEFS.indexOf(belief);
    if (before === code) return;
    row[to] = code;
    const wasHopeful = isHope(before);
    const isHopeful = isHope(code);
    if (wasHopeful === isHopeful) return;
    const isObserverUp = this.#isUp[from] === true;
    if (isObserverUp && from !== to)
      this.#hopefulCounts[to] = (this.#hopefulCounts[to] ?? 0) + (isHopeful ? 1 : -1);
    const wrongBefore = this.#wrongCounts[from] ?? 0;
    const wrong = wrongBefore + (isHopeful === this.#isUp[to] ? -1 : 1);
    this.#wrongCounts[from] = wrong;
    if (!isObserverUp) return;
    if (wrong === 0) this.#agreeingCount += 1;
    else if (wrongBefore === 0) this.#agreeingCount -= 1;
  }

  #grow(name: string): number {
    const index = this.names.length;
    this.names.push(name);
    this.#indexOf.set(name, index);
    this.#isUp.push(false);
    this.#wrongCounts.push(0);
    this.#hopefulCounts.push(0);
    this.#believed.push(new Uint8Array(0));
    const first = this.#believed[0] as Uint8Array;
    // Rows are as long as the largest cluster so far, with room to grow.
    const capacity = first.length > index ? first.length : Math.max(64, (index + 1) * 2);
    this.#believed.forEach((row, observer) => {
      if (row.length >= capacity) return;
      const longer = new Uint8Array(capacity);
      longer.set(row);
      this.#believed[observer] = longer;
    });
    return index;
  }

  #recountObserver(observer: number): void {
    const row = this.#believed[observer] as Uint8Array;
    let wrong = 0;
    for (let subject = 0; subject < this.names.length; subject += 1) {
      const code = row[subject] as number;
      if (isHope(code) !== this.#isUp[subject]) wrong += 1;
    }
    this.#wrongCounts[observer] = wrong;
  }

  #known(name: string): number {
    const index = this.#indexOf.get(name);
    if (index === undefined) throw new RangeError(`there is no member ${name}`);
    return index;
  }
}

function isHope(code: number): boolean {
  return code === ALIVE || code === SUSPECT;
}
