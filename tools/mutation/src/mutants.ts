/**
 * Reads Stryker's report, and names each mutant so that the name outlives edits elsewhere in the
 * file: by file, by the function or class member it is in, and by the text that was changed.
 */

/** What became of a mutant. `ignored` ones do not count. */
export type MutantFate = "killed" | "timeout" | "survived" | "uncovered" | "ignored";

export interface Mutant {
  /** From the package's `src`. */
  readonly file: string;
  /** At the time of the report; for those who look it up, never part of {@link name}. */
  readonly line: number;
  /** `file › place › original → replacement`; equal ones within a place are numbered from the second on. */
  readonly name: string;
  readonly fate: MutantFate;
}

/** As much of the report (mutation-testing-report-schema 2) as is read here. */
export interface StrykerReport {
  readonly files: Readonly<Record<string, StrykerFile>>;
}

interface StrykerFile {
  readonly source: string;
  readonly mutants: readonly StrykerMutant[];
}

interface StrykerMutant {
  readonly status: string;
  readonly replacement?: string;
  readonly mutatorName: string;
  readonly location: { readonly start: SourcePoint; readonly end: SourcePoint };
}

interface SourcePoint {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** Longest part of a name; what is beyond adds nothing that tells mutants apart by eye. */
const PART_LIMIT = 100;

/**
 * Every mutant of a report, in the order of the sources.
 *
 * @throws {Error} if a status is none that a finished run leaves.
 */
export function mutantsOf(report: StrykerReport): Mutant[] {
  return Object.entries(report.files).flatMap(([path, file]) => mutantsOfFile(path, file));
}

function mutantsOfFile(path: string, { source, mutants }: StrykerFile): Mutant[] {
  const file = path.replace(/^.*?\/src\//, "");
  const lines = source.split("\n");
  const seen = new Map<string, number>();
  return mutants
    .toSorted((a, b) => comparePoints(a.location.start, b.location.start))
    .map((mutant) => {
      const { start } = mutant.location;
      const place = placeOf(lines, start.line - 1);
      const change = `${shortened(textOf(lines, mutant))} → ${shortened(mutant.replacement ?? mutant.mutatorName)}`;
      const bare = [file, place, change].join(" › ");
      const count = (seen.get(bare) ?? 0) + 1;
      seen.set(bare, count);
      const name = count === 1 ? bare : `${bare} (${count})`;
      return { file, line: start.line, name, fate: fateOf(mutant.status) };
    });
}

function comparePoints(a: SourcePoint, b: SourcePoint): number {
  return a.line - b.line || a.column - b.column;
}

function fateOf(status: string): MutantFate {
  switch (status) {
    case "Killed":
    // A mutant that does not load is noticed as surely as one that fails a test.
    case "RuntimeError":
      return "killed";
    case "Timeout":
      return "timeout";
    case "Survived":
      return "survived";
    case "NoCoverage":
      return "uncovered";
    case "Ignored":
      return "ignored";
    default:
      throw new Error(`a mutant is ${status}: the run did not finish, start it again`);
  }
}

function textOf(lines: readonly string[], { location: { start, end } }: StrykerMutant): string {
  if (start.line === end.line) {
    return (lines[start.line - 1] ?? "").slice(start.column - 1, end.column - 1);
  }
  return [
    (lines[start.line - 1] ?? "").slice(start.column - 1),
    ...lines.slice(start.line, end.line - 1),
    (lines[end.line - 1] ?? "").slice(0, end.column - 1),
  ].join(" ");
}

function shortened(text: string): string {
  const single = text.replaceAll(/\s+/g, " ").trim();
  return single.length <= PART_LIMIT ? single : `${single.slice(0, PART_LIMIT - 1)}…`;
}

const TOP_LEVEL =
  /^(?:export )?(?:abstract )?(?:async )?(?:function\*?|class|const|let) (?<name>[\w$]+)/;
const CLASS_MEMBER =
  /^ {2}(?:(?:static|readonly|override|async|get|set|accessor) )*\*?(?<name>#?[\w$]+|\[[\w.]+\])(?:[(<:;=?]| =|$| \{)/;

/**
 * The function, constant or class member a line is in. Reads the indentation, which the formatter
 * guarantees: what stands in the first column is top level, what stands two further in a class is
 * its member.
 */
export function placeOf(lines: readonly string[], index: number): string {
  let member: string | undefined;
  for (let at = index; at >= 0; at -= 1) {
    const line = lines[at] ?? "";
    member ??= CLASS_MEMBER.exec(line)?.groups?.["name"];
    const top = TOP_LEVEL.exec(line)?.groups?.["name"];
    if (top === undefined) continue;
    const isInClass = /^(?:export )?(?:abstract )?class /.test(line) && at < index;
    return isInClass && member !== undefined ? `${top}.${member}` : top;
  }
  return "the module";
}
