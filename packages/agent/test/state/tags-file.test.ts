import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatTags, readTagsFile, writeTagsFile } from "../../src/state/tags-file.ts";

let path = "";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tags-"));
  path = join(folder, "tags.json");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("tags file (agent specification §8)", () => {
  it("has the reference's form", () => {
    expect(formatTags({ y: 'a"b<c>', x: "1" })).toBe(
      '{\n  "x": "1",\n  "y": "a\\"b\\u003cc\\u003e"\n}',
    );
    expect(formatTags({})).toBe("{}");
  });

  it("round-trips, and a new file is private", () => {
    const tags = { role: "web", "n\n": "日本 & <>" };

    writeTagsFile(path, tags);

    expect(readTagsFile(path)).toEqual(tags);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("keeps the mode of an existing file", () => {
    writeFileSync(path, "{}");
    chmodSync(path, 0o644);

    writeTagsFile(path, { a: "b" });

    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it("takes an absent file for no tags yet", () => {
    expect(readTagsFile(path)).toBeUndefined();
  });

  it.each([
    ["[]", "Failed to decode tags file: not an object of texts"],
    ['{"a": 1}', "Failed to decode tags file: tag 'a' is not a text"],
    ["{", "Failed to decode tags file: unexpected end of JSON input"],
  ])("refuses %s", (content, message) => {
    writeFileSync(path, content);

    expect(() => readTagsFile(path)).toThrow(message);
  });

  it("leaves the old file when the new one cannot be written", () => {
    const missing = join(folder, "no", "tags.json");

    expect(() => writeTagsFile(missing, {})).toThrow(
      `Failed to write tags file: open ${missing}: no such file or directory`,
    );
    writeTagsFile(path, { a: "1" });
    expect(readFileSync(path, "utf8")).toContain('"a": "1"');
  });
});
