#!/usr/bin/env node
"use strict";
const { join } = require("node:path");
const { loadBundle } = require("../dist/bundle/load-bundle.cjs");

const words = process.argv.slice(2);
const folder = join(__dirname, "../dist/bundle");
// An agent that starts needs nothing of the commands. Help and version are theirs.
if (words[0] === "agent" && !words.some((word) => /^--?(h|help|v|version)$/.test(word))) {
  loadBundle(join(folder, "agent.cjs")).main(words.slice(1));
} else {
  loadBundle(join(folder, "serf.cjs"));
}
