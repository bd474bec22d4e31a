/**
 * Turns the JSON of one configuration file into options, naming every fault at once.
 *
 * Source: agent specification §2 (strict types, case-insensitive keys, unknown keys refused) and
 * its recorded error texts.
 */
import { type ConfigKey, configKeys } from "./config-keys.ts";
import type { PartialAgentConfig } from "./config-merge.ts";
import { parseDuration } from "./duration.ts";
import type { JsonValue } from "./json-reader.ts";

/** The value is JSON, but no configuration; the message lists every fault in the reference's words. */
export class ConfigDecodeError extends Error {
  override readonly name = "ConfigDecodeError";
}

type JsonObject = { readonly [key: string]: JsonValue };

/** @throws {ConfigDecodeError} naming each bad key, or {DurationError} for a bad duration. */
export function decodeConfig(value: JsonValue): PartialAgentConfig {
  const config: PartialAgentConfig = {};
  if (value === null) return config;
  if (!isObject(value)) {
    throw new ConfigDecodeError(`'' expected a map, got '${goKind(value)}'`);
  }
  const faults: string[] = [];
  decodeGroup(value, "", config, faults);
  if (faults.length > 0) {
    const lines = faults.sort().map((fault) => `* ${fault}`);
    throw new ConfigDecodeError(`${faults.length} error(s) decoding:\n\n${lines.join("\n")}`);
  }
  return config;
}

/** Decodes the keys of one object: the file itself (prefix empty) or the object under `mdns`. */
function decodeGroup(
  object: JsonObject,
  prefix: string,
  config: PartialAgentConfig,
  faults: string[],
): void {
  const unused = new Set(Object.keys(object));
  const take = (key: string): JsonValue => {
    const spelling = unused.has(key)
      ? key
      : [...unused].find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    if (spelling === undefined) return null;
    unused.delete(spelling);
    return object[spelling] ?? null;
  };
  for (const entry of configKeys) {
    const isMine = prefix === "" ? !entry.key.includes(".") : entry.key.startsWith(prefix);
    if (!isMine) continue;
    const value = take(entry.key.slice(prefix.length));
    if (value !== null) decodeValue(entry, value, config, faults);
  }
  if (prefix === "") {
    const mdns = take("mdns");
    if (isObject(mdns)) decodeGroup(mdns, "mdns.", config, faults);
    else if (mdns !== null) faults.push(`'mdns' expected a map, got '${goKind(mdns)}'`);
  }
  if (unused.size > 0) {
    const group = prefix.replace(/\.$/, "");
    faults.push(`'${group}' has invalid keys: ${[...unused].sort().join(", ")}`);
  }
}

function decodeValue(
  entry: ConfigKey,
  value: JsonValue,
  config: PartialAgentConfig,
  faults: string[],
): void {
  const { key } = entry;
  switch (entry.kind) {
    case "text":
      if (typeof value === "string") config[entry.field] = value;
      else faults.push(wrongType(key, "string", value));
      break;
    case "claim":
    case "switch":
      if (typeof value === "boolean") config[entry.field] = value;
      else faults.push(wrongType(key, "bool", value));
      break;
    case "ignored-claim":
      if (typeof value !== "boolean") faults.push(wrongType(key, "bool", value));
      break;
    case "count":
      if (typeof value === "number") config[entry.field] = Math.trunc(value);
      else faults.push(wrongType(key, "int", value));
      break;
    case "duration":
      if (typeof value !== "string") faults.push(wrongType(key, "string", value));
      else if (value !== "") config[entry.field] = parseDuration(value).ms;
      break;
    case "list":
      config[entry.field] = decodeList(key, value, faults);
      break;
    case "tags":
      config.tags = decodeTags(key, value, faults);
      break;
  }
}

function decodeList(key: string, value: JsonValue, faults: string[]): string[] {
  if (!Array.isArray(value)) {
    faults.push(`'${key}': source data must be an array or slice, got ${goKind(value)}`);
    return [];
  }
  const texts: string[] = [];
  for (const [index, item] of (value as readonly JsonValue[]).entries()) {
    if (typeof item === "string") texts.push(item);
    else if (item === null) texts.push("");
    else faults.push(wrongType(`${key}[${index}]`, "string", item));
  }
  return texts;
}

function decodeTags(key: string, value: JsonValue, faults: string[]): Record<string, string> {
  const tags = new Map<string, string>();
  if (!isObject(value)) {
    faults.push(`'${key}' expected a map, got '${goKind(value)}'`);
    return {};
  }
  for (const [name, item] of Object.entries(value)) {
    if (typeof item === "string") tags.set(name, item);
    else if (item === null) tags.set(name, "");
    else faults.push(wrongType(`${key}[${name}]`, "string", item));
  }
  return Object.fromEntries(tags);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrongType(key: string, wanted: string, value: JsonValue): string {
  const type = { slice: "[]interface {}", map: "map[string]interface {}" }[goKind(value)];
  return `'${key}' expected type '${wanted}', got unconvertible type '${type ?? goKind(value)}', value: '${goText(value)}'`;
}

/** What the reference's decoder calls a JSON value. */
function goKind(value: JsonValue): string {
  if (Array.isArray(value)) return "slice";
  if (value === null) return "invalid";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map";
}

function goText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(goText).join(" ")}]`;
  if (value === null) return "<nil>";
  if (isObject(value)) {
    const pairs = Object.entries(value).map(([key, item]) => `${key}:${goText(item)}`);
    return `map[${pairs.sort().join(" ")}]`;
  }
  return String(value);
}
