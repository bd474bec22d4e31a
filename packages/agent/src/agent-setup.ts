/**
 * What an agent reads from its files before it starts: tags and keys.
 *
 * Source: agent specification §2 (texts), §8.
 */
import { existsSync, readFileSync } from "node:fs";
import { decodeBase64, type Tags } from "@x/serf";
import { Keyring } from "@x/swim";
import { AgentError } from "./agent-error.ts";
import type { AgentConfig } from "./config/agent-config.ts";
import { errnoText } from "./config/config-file.ts";
import { readFirstJson, stateFileFault } from "./config/json-reader.ts";
import type { LogLevel } from "./log/log-level.ts";
import { readTagsFile } from "./state/tags-file.ts";

/** What the files said. */
export interface AgentSetup {
  readonly tags: Tags;
  readonly keyring: Keyring | undefined;
}

/**
 * @throws {AgentError} `setup-failed`, in the reference's words.
 */
export function setUpAgent(
  config: AgentConfig,
  log: (level: LogLevel, text: string) => void,
): AgentSetup {
  return { tags: readTags(config, log), keyring: readKeyring(config, log) };
}

function fault(message: string, cause?: unknown): AgentError {
  return new AgentError("setup-failed", message, { cause });
}

function readTags(config: AgentConfig, log: (level: LogLevel, text: string) => void): Tags {
  if (config.tagsFile === "") return config.tags;
  if (Object.keys(config.tags).length > 0) {
    throw fault("Tags config not allowed while using tag files");
  }
  let tags: Tags | undefined;
  try {
    tags = readTagsFile(config.tagsFile);
  } catch (error) {
    throw fault((error as Error).message, error);
  }
  if (tags === undefined) return {};
  log("INFO", `Restored ${Object.keys(tags).length} tag(s) from ${config.tagsFile}`);
  return tags;
}

function readKeyring(
  config: AgentConfig,
  log: (level: LogLevel, text: string) => void,
): Keyring | undefined {
  const { encryptKey, keyringFile: path } = config;
  if (path === "") {
    // Its size is checked where the member is started, whose text operators know.
    return undefined;
  }
  if (encryptKey !== "") throw fault("Encryption key not allowed while using a keyring");
  if (!existsSync(path)) throw fault(`stat ${path}: no such file or directory`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fault(`Failed to read keyring file: open ${path}: ${errnoText(error)}`, error);
  }
  const keys = decodeKeys(text);
  if (keys.length === 0) throw fault("Keyring file contains no keys");
  let keyring: Keyring;
  try {
    keyring = Keyring.create(keys);
  } catch (error) {
    throw fault("Failed to restore keyring: key size must be 16, 24 or 32 bytes", error);
  }
  log("INFO", `Restored keyring with ${keys.length} keys from ${path}`);
  return keyring;
}

function decodeKeys(text: string): Uint8Array[] {
  let texts: unknown;
  try {
    texts = readFirstJson(text);
  } catch (error) {
    throw fault(`Failed to decode keyring file: ${stateFileFault(error)}`, error);
  }
  if (!Array.isArray(texts) || !texts.every((item) => typeof item === "string")) {
    throw fault("Failed to decode keyring file: not a list of texts");
  }
  try {
    return texts.map(decodeBase64);
  } catch (error) {
    throw fault(`Failed to decode key from keyring: ${(error as Error).message}`, error);
  }
}
