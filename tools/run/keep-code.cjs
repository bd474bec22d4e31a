/**
 * `node keep-code.cjs FILE WORD…`: runs the program with these words and, when it ends or after
 * two seconds, writes what V8 compiled of the bundle beside it.
 */
"use strict";
const { writeFileSync } = require("node:fs");
const { basename, dirname, join } = require("node:path");
const { compileBundle, loadBundle, runBundle } = require("../../apps/cli/bin/load-bundle.js");

const runLimitMs = 2_000;
const [file, ...words] = process.argv.splice(2);
const script = compileBundle(file, undefined);
process.argv.push(...words);
process.on("exit", () => {
  writeFileSync(`${file}.code`, script.createCachedData());
  process.exitCode = 0;
});
setTimeout(() => process.exit(0), runLimitMs).unref();
runBundle(script, file);
if (basename(file) !== "serf.cjs") loadBundle(join(dirname(file), "serf.cjs"));
