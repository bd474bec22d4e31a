/**
 * The grammar of a snapshot file: one record per line, each line one change.
 *
 * The reference knows `alive:`, `not-alive:`, `clock:`, `event-clock:`, `query-clock:` and
 * `leave`; it passes over `coordinate:` lines, which its versions before 2017 wrote, and over
 * lines that start with `#`. What we know beyond the reference is written into such lines, so that
 * either program reads the other's file:
 *
 *     alive: NAME IP:PORT            # failed: NAME IP:PORT
 *     not-alive: NAME                # forget: NAME
 *     clock: N                       coordinate: {"Vec":[…],"Error":…,"Adjustment":…,"Height":…}
 *     event-clock: N
 *     query-clock: N
 *     leave
 *
 * Names are raw bytes and may hold spaces; an address holds none, so a line is split at its last
 * space. A name with a line break cannot be written: it would forge lines.
 *
 * Read next: `snapshot-state.ts`, which says what the lines mean.
 *
 * Source: Serf specification §14.
 */
import type { Coordinate } from "@x/vivaldi";
import { maxLamportTime } from "../lamport-clock.ts";
import type { LamportTime } from "../serf-event.ts";

/** One line, as a fact. */
export type SnapshotLine =
  | { readonly kind: "alive"; readonly name: string; readonly address: string }
  | { readonly kind: "not-alive"; readonly name: string }
  /** Beyond the reference: somebody worth trying again after a restart. */
  | { readonly kind: "failed"; readonly name: string; readonly address: string }
  /** Beyond the reference: a failed member nobody needs to try any more. */
  | { readonly kind: "forget"; readonly name: string }
  | {
      readonly kind: "clock" | "event-clock" | "query-clock";
      readonly lamportTime: LamportTime;
    }
  | { readonly kind: "leave" }
  /** Beyond the reference since 2017: where this member was in the network. */
  | { readonly kind: "coordinate"; readonly coordinate: Coordinate };

/** What became of a line of a file. */
export type ParsedLine =
  | SnapshotLine
  /** A comment, or a coordinate nobody can use. */
  | { readonly kind: "nothing" }
  /** The reference's words for it. */
  | { readonly kind: "unreadable"; readonly problem: string };

const failedPrefix = "# failed: ";
const forgetPrefix = "# forget: ";

const clockTitles = {
  clock: "clock time",
  "event-clock": "event clock time",
  "query-clock": "query clock time",
} as const;

/** Most dimensions a saved coordinate may have; members of a Serf cluster use 8. */
const dimensionLimit = 64;

/**
 * A line with its line break.
 *
 * Deviation: the reference writes any name, by which a stranger's name with a line break forges
 * further lines. Source: Serf specification §20 item 23.
 *
 * @returns `undefined` for a name or address that cannot stand in a line: it is not recorded.
 */
export function formatSnapshotLine(line: SnapshotLine): string | undefined {
  switch (line.kind) {
    case "alive":
      return formatMember("alive: ", line.name, line.address);
    case "failed":
      return formatMember(failedPrefix, line.name, line.address);
    case "not-alive":
      return formatName("not-alive: ", line.name);
    case "forget":
      return formatName(forgetPrefix, line.name);
    case "leave":
      return "leave\n";
    case "coordinate":
      return formatCoordinate(line.coordinate);
    case "clock":
    case "event-clock":
    case "query-clock":
      return `${line.kind}: ${line.lamportTime}\n`;
  }
}

/**
 * What a line says.
 *
 * @param text - without the line break. Zero bytes in front are passed over: file systems leave
 *   runs of them after a loss of power. Source: Serf specification §20 item 26.
 */
export function parseSnapshotLine(text: string): ParsedLine {
  const line = text.startsWith("\0") ? withoutLeadingZeros(text) : text;
  if (line === "leave") return { kind: "leave" };
  if (line.startsWith("#")) return parseComment(line);
  const colon = line.indexOf(": ");
  const rest = line.slice(colon + 2);
  switch (colon === -1 ? "" : line.slice(0, colon)) {
    case "alive":
      return parseMember("alive", rest) ?? unreadable(`Failed to parse address: ${line}`);
    case "not-alive":
      return { kind: "not-alive", name: rest };
    case "clock":
      return parseClock("clock", rest);
    case "event-clock":
      return parseClock("event-clock", rest);
    case "query-clock":
      return parseClock("query-clock", rest);
    case "coordinate":
      return parseCoordinate(rest);
    default:
      return unreadable(`Unrecognized snapshot line: ${line}`);
  }
}

function formatMember(prefix: string, name: string, address: string): string | undefined {
  if (name.includes("\n") || /[ \n]/.test(address)) return undefined;
  return `${prefix}${name} ${address}\n`;
}

function formatName(prefix: string, name: string): string | undefined {
  return name.includes("\n") ? undefined : `${prefix}${name}\n`;
}

function formatCoordinate(coordinate: Coordinate): string | undefined {
  const { vector, error, adjustment, height } = coordinate;
  if (![...vector, error, adjustment, height].every(Number.isFinite)) return undefined;
  const record = { Vec: vector, Error: error, Adjustment: adjustment, Height: height };
  return `coordinate: ${JSON.stringify(record)}\n`;
}

function parseComment(line: string): ParsedLine {
  if (line.startsWith(failedPrefix)) {
    return parseMember("failed", line.slice(failedPrefix.length)) ?? { kind: "nothing" };
  }
  if (line.startsWith(forgetPrefix)) {
    return { kind: "forget", name: line.slice(forgetPrefix.length) };
  }
  return { kind: "nothing" };
}

function parseMember(kind: "alive" | "failed", text: string): SnapshotLine | undefined {
  const space = text.lastIndexOf(" ");
  if (space === -1) return undefined;
  return { kind, name: text.slice(0, space), address: text.slice(space + 1) };
}

function parseClock(kind: keyof typeof clockTitles, digits: string): ParsedLine {
  const refusal = (why: string): ParsedLine =>
    unreadable(
      `Failed to convert ${clockTitles[kind]}: ` +
        `strconv.ParseUint: parsing ${JSON.stringify(digits)}: ${why}`,
    );
  if (!/^[0-9]+$/.test(digits)) return refusal("invalid syntax");
  // The reference reads leading zeros, however many; a number beyond is not worth converting.
  const significant = digits.replace(/^0+(?=.)/, "");
  const lamportTime = significant.length > 20 ? maxLamportTime + 1n : BigInt(significant);
  return lamportTime > maxLamportTime ? refusal("value out of range") : { kind, lamportTime };
}

function parseCoordinate(text: string): ParsedLine {
  try {
    const coordinate = coordinateOf(JSON.parse(text));
    return coordinate ? { kind: "coordinate", coordinate } : { kind: "nothing" };
  } catch (error) {
    // The reference passes over any such line without a word.
    if (error instanceof SyntaxError) return { kind: "nothing" };
    throw error;
  }
}

function coordinateOf(value: unknown): Coordinate | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const record = value as Readonly<Record<string, unknown>>;
  const { Vec: vector, Error: error, Adjustment: adjustment, Height: height } = record;
  if (!Array.isArray(vector) || vector.length > dimensionLimit) return undefined;
  if (!vector.every(isFiniteNumber) || !isFiniteNumber(error)) return undefined;
  if (!isFiniteNumber(adjustment) || !isFiniteNumber(height)) return undefined;
  return { vector, error, adjustment, height };
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function withoutLeadingZeros(text: string): string {
  let start = 0;
  while (text.charCodeAt(start) === 0) start++;
  return text.slice(start);
}

function unreadable(problem: string): ParsedLine {
  return { kind: "unreadable", problem };
}
