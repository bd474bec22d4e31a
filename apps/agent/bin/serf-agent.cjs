#!/usr/bin/env node
"use strict";
const { join } = require("node:path");
const { loadBundle } = require("../dist/bundle/load-bundle.cjs");

const { main } = loadBundle(join(__dirname, "../dist/bundle/serf-agent.cjs"));
main(process.argv.slice(2), () => require("../package.json").version);
