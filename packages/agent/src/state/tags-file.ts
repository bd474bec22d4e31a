/**
 * Keeps the tags of an agent across restarts.
 *
 * Source: agent specification §8.
 */
import { existsSync, readFileSync } from "node:fs";
import { errnoText } from "../config/config-file.ts";
import { readFirstJson, stateFileFault } from "../config/json-reader.ts";
import { replaceFile } from "./durable-file.ts";

const newFileMode = 0o600;

/** A file of JSON that is no set of tags. */
export class TagsFileError extends Error {
  override readonly name = "TagsFileError";
}

/**
 * The form of the file: a JSON object, two blanks indent, sorted keys, no final newline.
 *
 * @example
 * formatTags({ y: "<", x: "1" }); // => "{\n  \"x\": \"1\",\n  \"y\": \"\\u003c\"\n}"
 */
export function formatTags(tags: Readonly<Record<string, string>>): string {
  const names = Object.keys(tags).sort();
  if (names.length === 0) return "{}";
  const lines = names.map((name) => `  ${jsonText(name)}: ${jsonText(tags[name] ?? "")}`);
  return `{\n${lines.join(",\n")}\n}`;
}

/** JSON text with the characters escaped that the reference escapes. */
export function jsonText(text: string): string {
  return JSON.stringify(text.replaceAll(/\p{Surrogate}/gu, "\ufffd")).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    },
  );
}

/**
 * @returns the tags in the file; `undefined` when there is no such file.
 * @throws {Error} `Failed to read tags file: …`, `Failed to decode tags file: …`.
 */
export function readTagsFile(path: string): Record<string, string> | undefined {
  if (!existsSync(path)) return undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`Failed to read tags file: open ${path}: ${errnoText(error)}`, {
      cause: error,
    });
  }
  try {
    return parseTags(text);
  } catch (error) {
    throw new Error(`Failed to decode tags file: ${stateFileFault(error)}`, { cause: error });
  }
}

/**
 * The tags in the text of a file; `null` stands for none, as in the reference.
 *
 * @throws {JsonError} where it is no JSON.
 * @throws {TagsFileError} where it is no object of texts.
 */
export function parseTags(text: string): Record<string, string> {
  const value = readFirstJson(text);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new TagsFileError("not an object of texts");
  }
  const tags = new Map<string, string>();
  for (const [name, item] of Object.entries(value)) {
    if (typeof item !== "string") throw new TagsFileError(`tag '${name}' is not a text`);
    tags.set(name, item);
  }
  return Object.fromEntries(tags);
}

/** @throws {Error} `Failed to write tags file: …`; the old file is untouched then. */
export function writeTagsFile(path: string, tags: Readonly<Record<string, string>>): void {
  try {
    replaceFile(path, formatTags(tags), newFileMode);
  } catch (error) {
    throw new Error(`Failed to write tags file: open ${path}: ${errnoText(error)}`, {
      cause: error,
    });
  }
}
