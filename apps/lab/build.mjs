/**
 * Makes `dist/lab.html`: one page with everything in it, to be opened from the disk.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** @returns the path of the page. */
export async function buildLab() {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: ["src/page.ts"],
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    target: "es2023",
    conditions: ["@x/source"],
    minify: true,
    logLevel: "warning",
  });
  // A closing tag inside a text of the program would end the script.
  const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
  const page = readFileSync(join(folder, "src", "page.html"), "utf8");
  const path = join(folder, "dist", "lab.html");
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(
    path,
    page.replace("<!-- script -->", () => `<script>${script}</script>`),
  );
  return path;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(`open ${pathToFileURL(await buildLab()).href}`);
}
