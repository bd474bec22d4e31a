/**
 * Reads configuration files and directories.
 *
 * Source: agent specification §2 and its table of error texts.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigDecodeError, decodeConfig } from "./config-decode.ts";
import type { PartialAgentConfig } from "./config-merge.ts";
import { readFirstJson } from "./json-reader.ts";

/** What the configured files say, in the order they are to be merged, and what is wrong with them. */
export interface ConfigFiles {
  readonly configs: readonly { readonly file: string; readonly config: PartialAgentConfig }[];
  /** Each names its file, and where it can the key. */
  readonly faults: readonly string[];
}

/**
 * Reads every file; a directory stands for its `*.json` files one level deep, in byte order.
 *
 * Deviation: the reference stops at the first bad file; here every bad file is named at once.
 */
export function readConfigFiles(paths: readonly string[]): ConfigFiles {
  const configs: { file: string; config: PartialAgentConfig }[] = [];
  const faults: string[] = [];
  for (const path of paths) {
    for (const file of filesAt(path, faults)) {
      let text: string;
      try {
        text = readFileSync(file, "utf8");
      } catch (error) {
        faults.push(`Error reading '${file}': open ${file}: ${errnoText(error)}`);
        continue;
      }
      try {
        configs.push({ file, config: decodeConfig(readFirstJson(text)) });
      } catch (error) {
        const whys = error instanceof ConfigDecodeError ? error.faults : [(error as Error).message];
        faults.push(...whys.map((why) => `Error decoding '${file}': ${why}`));
      }
    }
  }
  return { configs, faults };
}

function filesAt(path: string, faults: string[]): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path)
      .filter((name) => name.endsWith(".json"))
      .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      .map((name) => join(path, name))
      .filter((file) => !statSync(file).isDirectory());
  } catch (error) {
    faults.push(`Error reading '${path}': open ${path}: ${errnoText(error)}`);
    return [];
  }
}

const errnoTexts: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  EEXIST: "file exists",
  ENOSPC: "no space left on device",
  EROFS: "read-only file system",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  ECONNRESET: "connection reset by peer",
  EPIPE: "broken pipe",
  ETIMEDOUT: "connection timed out",
};

/** A system error in the operating system's plain words, as the reference prints it. */
export function errnoText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : errnoTexts[code]) ?? message;
}
