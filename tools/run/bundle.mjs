/**
 * Bundles the programs `serf` and `serf-agent`: one file for the commands, one for the agent, one
 * for RE2, each with the code V8 compiled for it. Does nothing when they are current.
 *
 * Why: docs/decisions/0002-two-bundles.md.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const clock = fileURLToPath(new URL("clock.mjs", import.meta.url));
const loader = fileURLToPath(new URL("load-bundle.cjs", import.meta.url));
const keeper = fileURLToPath(new URL("keep-code.cjs", import.meta.url));
const stampName = "inputs.json";
const warmUpLimitMs = 30_000;

const re2 = { name: "re2.cjs", entry: "re2js" };
/** In the order they are made: an agent is warmed up by the commands. */
const programs = [
  {
    app: "cli",
    bundles: [
      re2,
      { name: "serf.cjs", entry: "apps/cli/src/main.ts" },
      { name: "agent.cjs", entry: "apps/cli/src/agent-bundle.ts" },
    ],
  },
  {
    app: "agent",
    bundles: [re2, { name: "serf-agent.cjs", entry: "apps/agent/src/main.ts" }],
  },
];
const inOneFile = (name) => join(root, "apps", "cli", "src", "one-file", name);
/** What Bun's compiler is given; see docs/decisions/0003-one-file.md. */
const oneFile = {
  app: "cli",
  folder: "one-file",
  bundles: [
    ...programs[0].bundles,
    { name: "start-pages.cjs", entry: "apps/cli/src/one-file/start-pages.ts" },
  ],
  inPlaceOf: {
    "node:dgram": inOneFile("dgram.ts"),
    "node:events": inOneFile("events.ts"),
    "node:net": inOneFile("net.ts"),
  },
  more: {
    define: { "process.stdout": "oneFileStdout" },
    inject: [clock, inOneFile("stdout.ts")],
  },
};
const folderOf = ({ app, folder = "bundle" }) => join(root, "apps", app, "dist", folder);

/**
 * Modules of Node, and the functions and classes of each that we import: every one loads its module
 * when it is first called. Those a start can do without take as long to load as our program. The others are
 * here because the bundler would copy all that a module exports, and for that Bun makes things
 * nobody has asked for, such as the streams of `node:fs`.
 */
const laterModules = {
  "node:child_process": ["spawn"],
  "node:crypto": [
    "createCipheriv",
    "createDecipheriv",
    "createHash",
    "randomFillSync",
    "randomInt",
    "randomUUID",
    "timingSafeEqual",
  ],
  "node:dgram": ["createSocket"],
  "node:dns/promises": ["lookup"],
  "node:fs": [
    "closeSync",
    "existsSync",
    "fstatSync",
    "fsyncSync",
    "openSync",
    "readFileSync",
    "readlinkSync",
    "readdirSync",
    "renameSync",
    "rmSync",
    "statSync",
    "writeSync",
  ],
  "node:fs/promises": ["open", "readFile", "rename", "rm"],
  "node:os": ["availableParallelism", "cpus", "hostname", "networkInterfaces"],
  "node:path": ["dirname", "join"],
  "node:stream": ["Writable"],
  "node:timers/promises": ["setTimeout"],
  "node:v8": ["setFlagsFromString"],
  "node:vm": ["runInNewContext"],
};

function loadLater(name) {
  if (name === "node:process") return "export default process;";
  const functions = laterModules[name].map(
    (each) => `export function ${each}(...words) {
      return new.target ? new (found().${each})(...words) : found().${each}(...words);
    }`,
  );
  return `let module; const found = () => (module ??= require("${name}"));\n${functions.join("\n")}`;
}

function laterNodeModules(inPlaceOf) {
  return {
    name: "later-node-modules",
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path, namespace }) => {
        if (path in inPlaceOf) return { path: inPlaceOf[path] };
        if (namespace === "later-node") return { path, external: true };
        const isLater = path in laterModules || path === "node:process";
        return isLater ? { path, namespace: "later-node" } : undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "later-node" }, ({ path }) => ({
        contents: loadLater(path),
      }));
    },
  };
}

/** Other bundles are loaded when they are first used; RE2 only compiles, so it can wait too. */
function laterBundles(own) {
  return {
    name: "later-bundles",
    setup(build) {
      if (own === "serf.cjs") {
        build.onResolve({ filter: /^@x\/agent-app$/ }, () => ({
          path: "./agent.cjs",
          external: true,
        }));
      }
      if (own === "agent.cjs" || own === "serf-agent.cjs") {
        build.onResolve({ filter: /^re2js$/ }, () => ({ path: "re2js", namespace: "later" }));
        build.onLoad({ filter: /.*/, namespace: "later" }, () => ({
          contents: `export const RE2JS = {
            compile: (...words) => require("./re2.cjs").RE2JS.compile(...words),
          };`,
        }));
        build.onResolve({ filter: /^\.\/re2\.cjs$/ }, ({ path }) => ({ path, external: true }));
      }
    },
  };
}

async function bundle(esbuild, target, { name, entry }, { inPlaceOf = {}, more = {} }) {
  const isPackage = !entry.includes("/");
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    ...(isPackage
      ? { stdin: { contents: `export { RE2JS } from "${entry}";`, resolveDir: serfPackage } }
      : { entryPoints: [entry] }),
    outfile: join(target, name),
    bundle: true,
    metafile: true,
    platform: "node",
    format: "cjs",
    target: "node20.19",
    conditions: ["@x/source"],
    // Names stay, for the stacks of error reports.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "linked",
    // So that `import()` becomes `require()`, of which the loader knows.
    supported: { "dynamic-import": false },
    // `performance` is loaded by Node when it is first named, and costs more than it tells.
    inject: [clock],
    alias: { "node:perf_hooks": clock },
    plugins: [laterBundles(name), laterNodeModules(inPlaceOf)],
    logLevel: "warning",
    ...more,
  });
  return Object.keys(metafile.inputs).filter((input) => !/^later(-node)?:|^<stdin>/.test(input));
}

const serfPackage = join(root, "packages", "serf");

/** Runs a bundle through what it is there for and keeps what V8 compiled of it meanwhile. */
function warmUp(file, commands) {
  const { error, status, stderr, signal } = spawnSync(process.execPath, [keeper, file, commands], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    timeout: warmUpLimitMs,
  });
  if (status === 0) return;
  const why = [error?.message, signal, stderr].filter(Boolean).join(", ");
  throw new Error(`keeping the code of ${file} failed: ${why}`, { cause: error });
}

/** Whether nothing was touched since the bundles were made, and this is the Node they are for. */
function isCurrent(program) {
  try {
    const stampFile = join(folderOf(program), stampName);
    const { inputs, node } = JSON.parse(readFileSync(stampFile, "utf8"));
    const madeMs = statSync(stampFile).mtimeMs;
    return node === process.version && inputs.every((file) => statSync(file).mtimeMs < madeMs);
  } catch {
    // Never made, or an input is gone.
    return false;
  }
}

/** Makes the bundles unless they are current. @returns whether there was something to do. */
export async function makeBundles() {
  if (programs.every(isCurrent)) return false;
  const esbuild = await import("esbuild");
  for (const program of programs) await makeProgram(esbuild, program);
  return true;
}

/** The same for Bun's compiler, which keeps code in its own way. */
export async function makeOneFileBundles() {
  if (!isCurrent(oneFile)) await makeProgram(await import("esbuild"), oneFile);
  return folderOf(oneFile);
}

async function makeProgram(esbuild, program) {
  const folder = folderOf(program);
  // Made aside and then moved, so that whoever starts the program meanwhile finds it whole.
  const target = `${folder}-${process.pid}`;
  mkdirSync(target, { recursive: true });
  const inputs = new Set([fileURLToPath(import.meta.url), loader, keeper]);
  try {
    copyFileSync(loader, join(target, basename(loader)));
    for (const each of program.bundles) {
      for (const input of await bundle(esbuild, target, each, program)) {
        inputs.add(join(root, input));
      }
    }
    if (program !== oneFile) {
      const commands = join(program.app === "cli" ? target : folderOf(programs[0]), "serf.cjs");
      for (const { name } of program.bundles) warmUp(join(target, name), commands);
    }
    const stamp = { node: process.version, inputs: [...inputs] };
    writeFileSync(join(target, stampName), JSON.stringify(stamp));
    rmSync(folder, { recursive: true, force: true });
    renameSync(target, folder);
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await makeBundles();
}
