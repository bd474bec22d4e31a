/**
 * Loads a program that was bundled into one file, with the code V8 compiled when it was built. The
 * bundler puts a copy of this file beside its bundles.
 *
 * CommonJS, because Node starts its loader of ES modules only for those who need it, and that
 * takes longer than `serf members` itself. See docs/decisions/0002-two-bundles.md.
 */
"use strict";
const { readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { Script } = require("node:vm");

const head = "(function (exports, require, module, __filename, __dirname) { ";
const loaded = new Map();

/** @returns the compiled bundle; `script.cachedDataRejected` tells whether the cache was of use. */
function compileBundle(file, cachedData) {
  // The bundler leaves nothing but ASCII, which is read fastest, and kept at a byte a character.
  const source = `${head}${readFileSync(file, "latin1")}\n})`;
  return new Script(source, { filename: file, cachedData });
}

/** Runs a compiled bundle. @returns what it exports. */
function runBundle(script, file) {
  const bundle = { exports: {} };
  loaded.set(file, bundle);
  const load = (request) =>
    request.startsWith("./") ? loadBundle(join(dirname(file), request)) : require(request);
  script.runInThisContext().call(bundle.exports, bundle.exports, load, bundle, file, dirname(file));
  return bundle.exports;
}

/** Loads a bundle, once. @returns what it exports. */
function loadBundle(file) {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  const cachedData = readCache(file);
  if (cachedData === undefined) {
    // As installed from a registry: the code of another machine is not shipped, but Node 22 keeps
    // that of this one.
    const { enableCompileCache } = require("node:module");
    if (enableCompileCache !== undefined) {
      enableCompileCache();
      return require(file);
    }
  }
  return runBundle(compileBundle(file, cachedData), file);
}

/** Code made by another version of Node is refused by V8, and then compiled as if there were none. */
function readCache(file) {
  try {
    return readFileSync(`${file}.code`);
  } catch {
    // Not made, or not shipped: the program only starts later.
    return undefined;
  }
}

module.exports = { compileBundle, loadBundle, runBundle };
