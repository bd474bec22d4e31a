/**
 * Which of two configurations wins, key by key: defaults, then files in order, then flags.
 *
 * Source: agent specification §2 (merge rules). A consequence users of the reference know: no
 * later file or flag can switch a claim off, clear a list or set a value back to empty or zero.
 */
import type { AgentConfig } from "./agent-config.ts";
import { configKeys } from "./config-keys.ts";

/** A configuration of which only some fields were said. */
export type PartialAgentConfig = { -readonly [Field in keyof AgentConfig]?: AgentConfig[Field] };

/**
 * Lays `later` over `earlier`; neither is changed.
 *
 * Texts, numbers and durations: a later one that is not empty or zero (`protocol`: positive)
 * wins. Claims: true sticks. Lists: appended. Tags: overlaid name by name.
 */
export function mergeConfig(earlier: AgentConfig, later: PartialAgentConfig): AgentConfig {
  const merged: { -readonly [Field in keyof AgentConfig]: AgentConfig[Field] } = { ...earlier };
  for (const entry of configKeys) {
    switch (entry.kind) {
      case "text":
        merged[entry.field] = later[entry.field] || earlier[entry.field];
        break;
      case "claim":
        merged[entry.field] = earlier[entry.field] || (later[entry.field] ?? false);
        break;
      case "count": {
        const value = later[entry.field] ?? 0;
        const counts = entry.field === "protocol" ? value > 0 : value !== 0;
        if (counts) merged[entry.field] = value;
        break;
      }
      case "duration":
        merged[entry.field] = later[entry.field] || earlier[entry.field];
        break;
      case "list":
        merged[entry.field] = [...earlier[entry.field], ...(later[entry.field] ?? [])];
        break;
      case "tags":
        merged.tags = { ...earlier.tags, ...later.tags };
        break;
      case "switch":
        merged[entry.field] = later[entry.field] ?? earlier[entry.field];
        break;
      case "ignored-claim":
        break;
    }
  }
  return merged;
}
