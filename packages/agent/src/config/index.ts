/**
 * The syntax of flags, tags and durations, for every command of the `serf` program.
 *
 * @packageDocumentation
 */
export { agentFlags } from "./agent-flags.ts";
export { flagHelp, wrapText } from "./flag-help.ts";
export { DurationError, parseDuration } from "./duration.ts";
export type { Duration } from "./duration.ts";
export {
  FlagError,
  goQuote,
  parseBooleanText,
  parseFlags,
  parseIntegerText,
} from "./flag-syntax.ts";
export type { FlagKind, FlagSpec, ParsedFlags } from "./flag-syntax.ts";
export { parseTag, TagError } from "./tag-text.ts";
