/**
 * What the lines of a snapshot add up to.
 *
 * One and the same `apply` serves the replay of a file and the running log, so what a member
 * remembers is at every moment what it would recover.
 *
 * Source: Serf specification §14.
 */
import { decodeName } from "@x/swim/wire";
import type { Coordinate } from "@x/vivaldi";
import type { LamportTime } from "../serf-event.ts";
import {
  formatSnapshotLine,
  parseSnapshotLine,
  type ParsedLine,
  type SnapshotLine,
} from "./snapshot-line.ts";

/** What a restarted member knows. */
export interface RecoveredSnapshot {
  /** Name → `ip:port` of members that were alive, self included, in the order first written. */
  readonly alive: ReadonlyMap<string, string>;
  /** Name → `ip:port` of members that had failed: worth trying when no other answers. */
  readonly failed: ReadonlyMap<string, string>;
  readonly lamportTime: LamportTime;
  readonly eventLamportTime: LamportTime;
  readonly queryLamportTime: LamportTime;
  /** Where this member was in the network. */
  readonly coordinate: Coordinate | undefined;
  /** A `leave` was found and, as `rejoinAfterLeave` demands, not obeyed. */
  readonly hasIgnoredLeave: boolean;
  /** Lines that could not be read, in the reference's words; at most `problemLimit`. */
  readonly problems: readonly string[];
}

/** Options of a `SnapshotState`. */
export interface SnapshotStateOptions {
  /** A leave does not clear what is known. */
  readonly rejoinAfterLeave: boolean;
  /** Most alive members remembered; beyond, the longest known is forgotten. Default 262,144. */
  readonly aliveLimit?: number;
  /** Most failed members remembered; beyond, the longest known is forgotten. Default 1024. */
  readonly failedLimit?: number;
}

/** Unreadable lines told one by one. */
export const problemLimit = 64;

const defaultAliveLimit = 262_144;
const defaultFailedLimit = 1024;

/** Bytes of one line break. */
const lineBreak = 0x0a;

/** The sum of all lines so far. */
export class SnapshotState implements RecoveredSnapshot {
  readonly alive: Map<string, string> = new Map();
  readonly failed: Map<string, string> = new Map();
  readonly problems: string[] = [];
  readonly #rejoinAfterLeave: boolean;
  readonly #aliveLimit: number;
  readonly #failedLimit: number;
  #lamportTime: LamportTime = 0n;
  #eventLamportTime: LamportTime = 0n;
  #queryLamportTime: LamportTime = 0n;
  #coordinate: Coordinate | undefined;
  #hasIgnoredLeave = false;

  constructor(options: SnapshotStateOptions) {
    this.#rejoinAfterLeave = options.rejoinAfterLeave;
    this.#aliveLimit = options.aliveLimit ?? defaultAliveLimit;
    this.#failedLimit = options.failedLimit ?? defaultFailedLimit;
  }

  get lamportTime(): LamportTime {
    return this.#lamportTime;
  }

  get eventLamportTime(): LamportTime {
    return this.#eventLamportTime;
  }

  get queryLamportTime(): LamportTime {
    return this.#queryLamportTime;
  }

  get coordinate(): Coordinate | undefined {
    return this.#coordinate;
  }

  get hasIgnoredLeave(): boolean {
    return this.#hasIgnoredLeave;
  }

  /** Takes in one line. */
  apply(line: SnapshotLine): void {
    switch (line.kind) {
      case "alive":
        this.failed.delete(line.name);
        setBounded(this.alive, line.name, line.address, this.#aliveLimit);
        return;
      case "not-alive":
        this.alive.delete(line.name);
        this.failed.delete(line.name);
        return;
      case "failed":
        setBounded(this.failed, line.name, line.address, this.#failedLimit);
        return;
      case "forget":
        this.failed.delete(line.name);
        return;
      case "clock":
        this.#lamportTime = line.lamportTime;
        return;
      case "event-clock":
        this.#eventLamportTime = line.lamportTime;
        return;
      case "query-clock":
        this.#queryLamportTime = line.lamportTime;
        return;
      case "coordinate":
        this.#coordinate = line.coordinate;
        return;
      case "leave":
        this.#applyLeave();
    }
  }

  /** The state as it stands, unmoved by what is applied later. */
  copy(): RecoveredSnapshot {
    return {
      alive: new Map(this.alive),
      failed: new Map(this.failed),
      lamportTime: this.#lamportTime,
      eventLamportTime: this.#eventLamportTime,
      queryLamportTime: this.#queryLamportTime,
      coordinate: this.#coordinate,
      hasIgnoredLeave: this.#hasIgnoredLeave,
      problems: Array.from(this.problems),
    };
  }

  /** The shortest text that replays to this state: the content of a compacted file. */
  compactedText(): string {
    const lines: SnapshotLine[] = [];
    for (const [name, address] of this.alive) lines.push({ kind: "alive", name, address });
    for (const [name, address] of this.failed) lines.push({ kind: "failed", name, address });
    if (this.#coordinate) lines.push({ kind: "coordinate", coordinate: this.#coordinate });
    lines.push(
      { kind: "clock", lamportTime: this.#lamportTime },
      { kind: "event-clock", lamportTime: this.#eventLamportTime },
      { kind: "query-clock", lamportTime: this.#queryLamportTime },
    );
    return lines.map((line) => formatSnapshotLine(line) ?? "").join("");
  }

  #applyLeave(): void {
    if (this.#rejoinAfterLeave) {
      this.#hasIgnoredLeave = true;
      return;
    }
    this.alive.clear();
    this.failed.clear();
    this.#lamportTime = 0n;
    this.#eventLamportTime = 0n;
    this.#queryLamportTime = 0n;
  }
}

/** A replayed file. */
export interface ReplayedSnapshot {
  readonly state: SnapshotState;
  /** Length of the file up to its last line break: what follows is torn and must be cut off. */
  readonly completeBytes: number;
}

/**
 * Longest line read, in bytes: no packet holds a longer name. Beyond, a line is told as unreadable
 * and passed over.
 */
export const lineBytesLimit: number = 128 * 1024;

/**
 * Reads a file back, piece by piece, so that a file of any size costs the memory of what it adds up
 * to; never throws, whatever it holds.
 *
 * A last line without line break is torn and not read.
 */
export class SnapshotReplay implements ReplayedSnapshot {
  readonly state: SnapshotState;
  #completeBytes = 0;
  #readBytes = 0;
  /** What has come of the line under way; empty while too long a one is passed over. */
  #rest: Uint8Array = new Uint8Array(0);
  #isOverlong = false;

  constructor(options: SnapshotStateOptions) {
    this.state = new SnapshotState(options);
  }

  get completeBytes(): number {
    return this.#completeBytes;
  }

  /** Bytes pushed so far. */
  get readBytes(): number {
    return this.#readBytes;
  }

  /** Takes in what follows in the file. */
  push(piece: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = piece.indexOf(lineBreak, start);
      if (end === -1) break;
      this.#keep(piece.subarray(start, end));
      this.#endLine();
      start = end + 1;
      this.#completeBytes = this.#readBytes + start;
    }
    this.#keep(piece.subarray(start));
    this.#readBytes += piece.length;
  }

  #keep(bytes: Uint8Array): void {
    if (this.#isOverlong || bytes.length === 0) return;
    // Runs of zero bytes in front of a line mean nothing, and may be long.
    const part = this.#rest.length === 0 ? withoutLeadingZeroBytes(bytes) : bytes;
    if (this.#rest.length + part.length > lineBytesLimit) {
      this.#isOverlong = true;
      this.#rest = new Uint8Array(0);
      return;
    }
    const whole = new Uint8Array(this.#rest.length + part.length);
    whole.set(this.#rest);
    whole.set(part, this.#rest.length);
    this.#rest = whole;
  }

  #endLine(): void {
    const { state } = this;
    const line: ParsedLine = this.#isOverlong
      ? { kind: "unreadable", problem: `Skipped a line of more than ${lineBytesLimit} bytes` }
      : parseSnapshotLine(decodeName(this.#rest));
    this.#rest = new Uint8Array(0);
    this.#isOverlong = false;
    if (line.kind === "unreadable") {
      if (state.problems.length < problemLimit) state.problems.push(line.problem);
    } else if (line.kind !== "nothing") {
      state.apply(line);
    }
  }
}

/** As `SnapshotReplay`, of a whole file. */
export function replaySnapshot(bytes: Uint8Array, options: SnapshotStateOptions): ReplayedSnapshot {
  const replay = new SnapshotReplay(options);
  replay.push(bytes);
  return replay;
}

function withoutLeadingZeroBytes(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? bytes.subarray(bytes.length) : bytes.subarray(start);
}

function setBounded(
  members: Map<string, string>,
  name: string,
  address: string,
  limit: number,
): void {
  members.set(name, address);
  if (members.size <= limit) return;
  const [longestKnown] = members.keys();
  if (longestKnown !== undefined) members.delete(longestKnown);
}
