import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildLab } from "../build.mjs";

const executablePath = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => existsSync(path));
if (executablePath === undefined)
  console.warn("SKIPPED: the lab needs Chromium (Debian: chromium)");

describe.skipIf(executablePath === undefined)("the lab in Chromium", () => {
  const faults: string[] = [];
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await page.goto(pathToFileURL(await buildLab()).href);
    await page.selectOption("#speed", "30");
  });

  afterAll(async () => {
    await browser?.close();
  });

  /** Where member `index` is drawn, as `page.ts` places it. */
  async function placeOf(index: number): Promise<{ x: number; y: number }> {
    const box = await page.locator("#cluster").boundingBox();
    if (box === null) throw new Error("the cluster is not drawn");
    const angle = (index / 100) * 2 * Math.PI - Math.PI / 2;
    const radius = box.width * (index % 2 === 0 ? 0.44 : 0.385);
    return {
      x: box.x + box.width / 2 + radius * Math.cos(angle),
      y: box.y + box.height / 2 + radius * Math.sin(angle),
    };
  }

  async function waitFor(id: string, text: string | RegExp): Promise<void> {
    const source = typeof text === "string" ? `^${text}$` : text.source;
    await page.waitForFunction(
      ([where, pattern]) =>
        new RegExp(pattern ?? "").test(document.getElementById(where ?? "")?.textContent ?? ""),
      [id, source] as const,
      { timeout: 50_000 },
    );
  }

  it("forms a cluster of a hundred that agrees", async () => {
    await waitFor("up", "100");
    await waitFor("agree", "100");
  });

  it("spreads the news a click gives to a member", async () => {
    await page.check('input[value="rumour"]');
    const { x, y } = await placeOf(10);
    await page.mouse.click(x, y);

    await waitFor("heard", /^100 after \d+ ms$/);
  });

  it("finds a member dead that a click has killed", async () => {
    await page.check('input[value="crash"]');
    const { x, y } = await placeOf(25);
    await page.mouse.click(x, y);

    await waitFor("up", "99");
    await waitFor("agree", "99");
    expect(await page.locator("#log").textContent()).toContain("holds m25 dead");
  });

  it("lets a click pause a member until it is held for dead, and another click go on", async () => {
    await page.check('input[value="pause"]');
    const { x, y } = await placeOf(40);
    await page.mouse.click(x, y);
    await waitFor("log", /m40 is paused/);
    await waitFor("log", /holds m40 dead/);

    await page.mouse.click(x, y);
    await waitFor("agree", "99");
  });

  it("is cut by a box and mended by a button", async () => {
    const [top, right] = [await placeOf(2), await placeOf(20)];
    await page.mouse.move(top.x - 10, top.y - 10);
    await page.mouse.down();
    await page.mouse.move(right.x + 20, right.y + 20, { steps: 5 });
    await page.mouse.up();
    await waitFor("agree", "0");

    await page.click("#heal");
    await waitFor("agree", "99");
  });

  it("runs without an error", () => {
    expect(faults).toEqual([]);
  });
});
