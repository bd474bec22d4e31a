import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  KeyringFileError,
  keyringFileText,
  parseKeyringFile,
  readKeyringFile,
  writeKeyringFile,
  type KeyringFileErrorCode,
} from "../../src/node/keyring-file.ts";
import { openSnapshot } from "../../src/node/open-snapshot.ts";
import type { SnapshotReport } from "../../src/node/snapshot-file.ts";
import { member, memberEvent, userEvent } from "../support/members.ts";
import { readVectorFile } from "../support/vectors.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "serf-files-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("a snapshot on a real disk", () => {
  it("is created, appended to, closed and found again", async () => {
    const path = join(directory, "snap");
    const file = await openSnapshot({ path });
    file.record(memberEvent("member-join", member("node one", { port: 1 })), 4n);
    file.record(userEvent("deploy", 9n), 4n);
    await file.close(5n);

    expect(await readFile(path, "utf8")).toBe(
      "alive: node one 127.0.0.1:1\nclock: 3\nevent-clock: 9\nclock: 4\n",
    );
    expect((await modeOf(path)) & 0o600).toBe(0o600);
    expect((await modeOf(path)) & 0o111).toBe(0);
    const again = await openSnapshot({ path });
    expect([...again.recovered.alive]).toEqual([["node one", "127.0.0.1:1"]]);
    await again.close(0n);
  });

  it("is written within its time by a real timer", async () => {
    const path = join(directory, "snap");
    const file = await openSnapshot({ path, flushPeriodMs: 5 });
    file.record(userEvent("deploy", 9n), 0n);

    await expect.poll(() => readFile(path, "utf8"), { timeout: 10_000 }).toBe("event-clock: 9\n");
    await file.close(0n);
  });

  it("goes on behind a file of the reference, torn line and all", async () => {
    const path = join(directory, "snap");
    const written = readVectorFile("snapshot/06-killed.snap");
    await writeFile(path, Buffer.concat([written, Buffer.from("alive: torn 127.")]));
    const file = await openSnapshot({ path });
    file.record(userEvent("deploy", 6n), 0n);
    await file.close(0n);

    expect(await readFile(path, "utf8")).toBe(`${written.toString("utf8")}event-clock: 6\n`);
  });

  it("is compacted over itself", async () => {
    const path = join(directory, "snap");
    await writeFile(path, readVectorFile("snapshot/11-before-compaction-tail.snap"));
    const reports: SnapshotReport[] = [];
    const file = await openSnapshot({
      path,
      minimumCompactionBytes: 1000,
      onReport: (report) => reports.push(report),
    });
    file.record(userEvent("deploy", 8000n), 0n);
    await file.flush();
    file.record(userEvent("deploy", 8001n), 0n);
    await file.close(0n);

    expect(reports.map(({ kind }) => kind)).toEqual(["torn-line-cut", "compacted"]);
    expect(await readFile(path, "utf8")).toBe(
      "clock: 0\nevent-clock: 8000\nquery-clock: 0\nevent-clock: 8001\n",
    );
    expect(await readdir(directory)).toEqual(["snap"]);
  });

  it("cannot be opened where there is no directory", async () => {
    await expect(openSnapshot({ path: join(directory, "none", "snap") })).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("a keyring file", () => {
  const keys = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2), new Uint8Array(24).fill(3)];

  it.each(["keyring-installed.json", "keyring-used.json", "keyring-removed.json"])(
    "%s of the reference is read, and written byte for byte",
    (name) => {
      const text = readVectorFile(`snapshot/${name}`).toString("utf8");

      expect(keyringFileText(parseKeyringFile(text))).toBe(text);
    },
  );

  it("has a line per key and two more, and no line break at the end (§12)", () => {
    const text = keyringFileText(keys);

    expect(text.split("\n")).toHaveLength(5);
    expect(text.endsWith("]")).toBe(true);
  });

  it("is written in one step, for its owner's eyes only", async () => {
    const path = join(directory, "keyring");
    await writeFile(path, "old", { mode: 0o644 });
    await writeKeyringFile(path, keys);

    expect(await readKeyringFile(path)).toEqual(keys);
    expect(await modeOf(path)).toBe(0o600);
    expect(await readdir(directory)).toEqual(["keyring"]);
  });

  it("stays as it was, and leaves nothing behind, when it cannot be replaced", async () => {
    const path = join(directory, "keyring");
    await writeFile(join(directory, "in-the-way"), "");

    await expect(
      writeKeyringFile(join(directory, "in-the-way", "keyring"), keys),
    ).rejects.toThrow();
    await expect(writeKeyringFile(directory, keys)).rejects.toThrow();
    await expect(readKeyringFile(path)).rejects.toMatchObject({ code: "unreadable" });
    expect(await readdir(directory)).toEqual(["in-the-way"]);
  });

  it.each<[string, KeyringFileErrorCode, string]>([
    ["", "not-a-keyring", "the keyring file is not JSON"],
    ["{}", "not-a-keyring", "the keyring file is not a list of texts"],
    ["[1]", "not-a-keyring", "the keyring file is not a list of texts"],
    ["[]", "empty", "the keyring file holds no keys"],
    ['["AAA"]', "invalid-key", "illegal base64 data at input byte 0"],
    ['["AAAA"]', "invalid-key", "key size must be 16, 24 or 32 bytes"],
  ])("%j is refused as %s", (text, code, message) => {
    expect(() => parseKeyringFile(text)).toThrow(new KeyringFileError(code, message));
    expect(() => parseKeyringFile(text)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
