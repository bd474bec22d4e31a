/** Writes `docs/mutation.md` from the recorded figures and the explanations. */
import type { Explanation } from "./explanations.ts";
import type { PackageResult, Results } from "./results.ts";
import { percent, type Score } from "./score.ts";
import { LEAST_SCORE, targets } from "./targets.ts";

const HEAD = `# Do the tests notice?

A test that passes proves little until one knows what would make it fail. So the files in which a wrong
branch changes what the protocol decides are broken on purpose, one small change at a time (a comparison
turned around, a condition made constant, a call left out), and the unit tests of the package must
notice each. [StrykerJS](https://stryker-mutator.io) makes the mutants;
[\`tools/mutation\`](../tools/mutation/README.md) says which files, which tests and why.

\`\`\`sh
pnpm mutate                 # all four packages; only what changed since the last run
pnpm mutate vivaldi         # one
pnpm mutate --record        # and write this page anew
\`\`\`

The simulations, the fuzzer, the vectors of the wire and the tests with real sockets are **not** run
here: what they alone would notice counts as survived. Messages of errors and reports are not mutated. At least
${LEAST_SCORE} % must die in each package, and every survivor is explained below; \`pnpm mutate\` fails
otherwise, and also where an explanation names a mutant that no longer survives.
`;

/** The page; `explanations` by package. */
export function mutationPage(
  results: Results,
  explanations: Readonly<Record<string, readonly Explanation[]>>,
): string {
  const recorded = targets.flatMap(({ name }) => {
    const result = results[name];
    return result === undefined ? [] : [{ name, result }];
  });
  const unrecorded = targets.map(({ name }) => name).filter((name) => results[name] === undefined);
  const parts = [
    HEAD,
    "## Result\n",
    table(
      ["package", "mutants", "killed", "survived", "score", "date", "all anew since", "command"],
      recorded.map(({ name, result }) => [
        `[${name}](#${name})`,
        ...figures(result.total),
        result.date,
        result.freshDate,
        `\`pnpm mutate ${name}\``,
      ]),
    ),
    ...(unrecorded.length === 0 ? [] : [`Not recorded yet: ${unrecorded.join(", ")}.\n`]),
    "Killed counts tests that no longer end as well, since such a mutant cannot pass unnoticed. Since",
    "the day on which all was begun anew, each run has tried what had changed since the one before, in",
    "all files or in some: the day stands beside each file.\n",
    ...recorded.map(({ name, result }) => section(name, result, explanations[name] ?? [])),
  ];
  return parts.join("\n");
}

function section(
  name: string,
  result: PackageResult,
  explanations: readonly Explanation[],
): string {
  const files = targets.find((target) => target.name === name)?.files ?? [];
  const rows = files.flatMap(({ path, decides }) => {
    const score = result.files[path];
    if (score === undefined) return [];
    return [[`\`${path}\``, decides, ...figures(score), result.earlier?.[path] ?? result.date]];
  });
  return [
    `## ${name}\n`,
    table(["file", "decides", "mutants", "killed", "survived", "score", "tried"], rows),
    `### Survivors of ${name}\n`,
    ...(explanations.length === 0 ? ["None.\n"] : explanations.map(group)),
  ].join("\n");
}

function group({ why, mutants }: Explanation): string {
  return `${why}\n\n\`\`\`text\n${mutants.join("\n")}\n\`\`\`\n`;
}

function figures(score: Score): string[] {
  return [
    `${score.mutants}`,
    `${score.killed}`,
    `${score.survived}`,
    `${percent(score).toFixed(1)} %`,
  ];
}

/** Padded as the formatter pads, so that it leaves the page alone. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...rows.map(line), ""].join("\n");
}
