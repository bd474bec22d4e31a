/**
 * Turns the JSON of one configuration file into options, naming every fault at once.
 *
 * Source: agent specification §2 (strict types, case-insensitive keys, unknown keys refused) and
 * its recorded error texts.
 */
import { type ConfigKey, configKeys } from "./config-keys.ts";
import type { PartialAgentConfig } from "./config-merge.ts";
import { DurationError, parseDuration } from "./duration.ts";
import type { JsonValue } from "./json-reader.ts";

/** The value is JSON, but no configuration; together the faults name everything that is wrong. */
export class ConfigDecodeError extends Error {
  override readonly name = "ConfigDecodeError";
  /** In the reference's words, each fit to follow `Error decoding 'a.json': `. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

/** What is wrong with one file, by the form it is told in. */
interface Faults {
  /** Wrong types and unknown keys: told in one block. */
  readonly decoding: string[];
  /** Texts that are no durations: told one by one. */
  readonly durations: string[];
}

type JsonObject = { readonly [key: string]: JsonValue };

/** @throws {ConfigDecodeError} naming each bad key. */
export function decodeConfig(value: JsonValue): PartialAgentConfig {
  const config: PartialAgentConfig = {};
  if (value === null) return config;
  if (!isObject(value)) {
    throw new ConfigDecodeError([`'' expected a map, got '${goKind(value)}'`]);
  }
  const faults: Faults = { decoding: [], durations: [] };
  decodeGroup(value, "", config, faults);
  const told = [...faults.durations];
  if (faults.decoding.length > 0) {
    const lines = faults.decoding.sort().map((fault) => `* ${fault}`);
    told.unshift(`${lines.length} error(s) decoding:\n\n${lines.join("\n")}`);
  }
  if (told.length > 0) throw new ConfigDecodeError(told);
  return config;
}

/** Deviation: the key is named after the reference's text, which leaves it to be guessed. */
function decodeDuration(key: string, text: string, faults: Faults): number | undefined {
  try {
    return parseDuration(text).ms;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    faults.durations.push(`${error.message} (key '${key}')`);
    return undefined;
  }
}

/** Decodes the keys of one object: the file itself (prefix empty) or the object under `mdns`. */
function decodeGroup(
  object: JsonObject,
  prefix: string,
  config: PartialAgentConfig,
  faults: Faults,
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
    else if (mdns !== null) faults.decoding.push(`'mdns' expected a map, got '${goKind(mdns)}'`);
  }
  if (unused.size > 0) {
    const group = prefix.replace(/\.$/, "");
    faults.decoding.push(`'${group}' has invalid keys: ${[...unused].sort().join(", ")}`);
  }
}

function decodeValue(
  entry: ConfigKey,
  value: JsonValue,
  config: PartialAgentConfig,
  faults: Faults,
): void {
  const { key } = entry;
  switch (entry.kind) {
    case "text":
      if (typeof value === "string") config[entry.field] = value;
      else faults.decoding.push(wrongType(key, "string", value));
      break;
    case "claim":
    case "switch":
      if (typeof value === "boolean") config[entry.field] = value;
      else faults.decoding.push(wrongType(key, "bool", value));
      break;
    case "ignored-claim":
      if (typeof value !== "boolean") faults.decoding.push(wrongType(key, "bool", value));
      break;
    case "count":
      if (typeof value === "number") config[entry.field] = Math.trunc(value);
      else faults.decoding.push(wrongType(key, "int", value));
      break;
    case "duration":
      if (typeof value !== "string") faults.decoding.push(wrongType(key, "string", value));
      else if (value !== "") {
        const ms = decodeDuration(key, value, faults);
        if (ms !== undefined) config[entry.field] = ms;
      }
      break;
    case "list":
      config[entry.field] = decodeList(key, value, faults);
      break;
    case "tags":
      config.tags = decodeTags(key, value, faults);
      break;
  }
}

function decodeList(key: string, value: JsonValue, faults: Faults): string[] {
  if (!Array.isArray(value)) {
    faults.decoding.push(`'${key}': source data must be an array or slice, got ${goKind(value)}`);
    return [];
  }
  const texts: string[] = [];
  for (const [index, item] of (value as readonly JsonValue[]).entries()) {
    if (typeof item === "string") texts.push(item);
    else if (item === null) texts.push("");
    else faults.decoding.push(wrongType(`${key}[${index}]`, "string", item));
  }
  return texts;
}

function decodeTags(key: string, value: JsonValue, faults: Faults): Record<string, string> {
  const tags = new Map<string, string>();
  if (!isObject(value)) {
    faults.decoding.push(`'${key}' expected a map, got '${goKind(value)}'`);
    return {};
  }
  for (const [name, item] of Object.entries(value)) {
    if (typeof item === "string") tags.set(name, item);
    else if (item === null) tags.set(name, "");
    else faults.decoding.push(wrongType(`${key}[${name}]`, "string", item));
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
