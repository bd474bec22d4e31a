/** `--name value` flags of the commands beside scenarios. */
import { ScenarioError } from "./scenario-check.ts";

export interface CommandArguments {
  readonly words: readonly string[];
  readonly numbers: Readonly<Record<string, number>>;
  readonly switches: ReadonlySet<string>;
}

/**
 * @param known - names of flags with a number, and of switches.
 * @throws {ScenarioError} naming every flag that is unknown or has no number.
 */
export function readArguments(
  args: readonly string[],
  known: { readonly numbers: readonly string[]; readonly switches: readonly string[] },
): CommandArguments {
  const problems: string[] = [];
  const words: string[] = [];
  const numbers: Record<string, number> = {};
  const switches = new Set<string>();
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (!arg.startsWith("--")) {
      words.push(arg);
      continue;
    }
    const [name = "", inline] = arg.slice(2).split("=");
    if (known.switches.includes(name)) {
      switches.add(name);
    } else if (known.numbers.includes(name)) {
      const value = inline ?? args[(index += 1)] ?? "";
      const number = value === "" ? NaN : Number(value);
      if (number >= 0) numbers[name] = number;
      else problems.push(`--${name}: "${value}": must be a number of at least 0`);
    } else {
      const names = [...known.numbers, ...known.switches].map((each) => `--${each}`).join(", ");
      problems.push(`${arg}: unknown; known are ${names}`);
    }
  }
  if (problems.length > 0) throw new ScenarioError(problems);
  return { words, numbers, switches };
}
