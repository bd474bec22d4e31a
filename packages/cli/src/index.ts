/**
 * The `serf` command: drive any Serf agent, this project's or HashiCorp's.
 *
 * Reading order: `main.ts` (which command), `command.ts` (what one is), `commands/`.
 *
 * @packageDocumentation
 */
export { runCli } from "./main.ts";
export type { CliOptions } from "./main.ts";
export { booleanFlag, exitFailure, exitNoCommand, numberFlag, textFlag } from "./command.ts";
export type { Command, Invocation } from "./command.ts";
export { commandTable } from "./command-table.ts";
export type { CommandEntry } from "./command-table.ts";
export { programVersion } from "./commands/version.ts";
export type { Terminal } from "./terminal.ts";
export { overview, usage } from "./usage.ts";
