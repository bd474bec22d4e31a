/** What a disk gives back: files that were cut, or written by somebody else. */
import { KeyringFileError, parseKeyringFile } from "@x/serf/node";
import {
  ConfigDecodeError,
  decodeConfig,
} from "../../../../packages/agent/src/config/config-decode.ts";
import { JsonError, readFirstJson } from "../../../../packages/agent/src/config/json-reader.ts";
import { parseTags, TagsFileError } from "../../../../packages/agent/src/state/tags-file.ts";
import { replaySnapshot } from "../../../../packages/serf/src/snapshot/snapshot-state.ts";
import { allowing, type Door } from "./door.ts";

export function snapshotDoor(): Door {
  return (bytes, random) => void replaySnapshot(bytes, { rejoinAfterLeave: random.chance(0.5) });
}

export function tagsFileDoor(): Door {
  return (bytes) => allowing([JsonError, TagsFileError], () => void parseTags(textOf(bytes)));
}

export function keyringDoor(): Door {
  return (bytes) => allowing([KeyringFileError], () => void parseKeyringFile(textOf(bytes)));
}

export function configDoor(): Door {
  return (bytes) => {
    const allowed = [JsonError, ConfigDecodeError];
    allowing(allowed, () => void decodeConfig(readFirstJson(textOf(bytes))));
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
