/**
 * `npm run example swim/three-members`: runs one example from the sources.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fail, prepare, root, runTool } from "./prepare.mjs";

const [name = ""] = process.argv.slice(2);
const [packageName = "", example = ""] = name.split("/");
const file = join(root, "packages", packageName, "examples", `${example}.ts`);
if (example === "" || !existsSync(file)) {
  fail("Name an example as package/name, such as swim/three-members: see docs/examples.md.");
}
await prepare();
process.exit(runTool("tsx", "tsx", ["--conditions=@x/source", file]));
