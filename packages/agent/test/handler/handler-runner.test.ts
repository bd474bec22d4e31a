import { mkdtempSync, readFileSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Member, SerfEvent } from "@x/serf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { handlerQueueLimit, HandlerRunner } from "../../src/handler/handler-runner.ts";
import { parseHandlerSpec } from "../../src/handler/handler-spec.ts";
import { scriptOutputLimit } from "../../src/handler/script-runner.ts";
import { joinOf, member, query, userEvent } from "../support/members.ts";
import { until } from "../support/until.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "handler-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Setup {
  readonly runner: HandlerRunner;
  readonly lines: string[];
}

function handlers(specs: readonly string[], self: Member, timeoutMs = 0): Setup {
  const lines: string[] = [];
  const runner = new HandlerRunner(specs.flatMap(parseHandlerSpec), {
    self: () => self,
    log: (level, text) => lines.push(`[${level}] ${text}`),
    timeoutMs,
    nowMs: () => performance.now(),
  });
  return { runner, lines };
}

/** Runs a script that copies its input and environment, and returns both. */
async function captured(
  event: SerfEvent,
  self: Member,
): Promise<{ input: string; environment: Map<string, string> }> {
  const script = `env -0 > ${folder}/env; cat > ${folder}/in; mv ${folder}/in ${folder}/done`;
  const { runner } = handlers([`*=${script}`], self);
  runner.handle(event);
  await until("the script ran", () => existsSync(join(folder, "done")));
  const entries = readFileSync(join(folder, "env"), "utf8")
    .split("\0")
    .filter((line) => line.startsWith("SERF_"))
    .map((line): [string, string] => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    });
  return { input: readFileSync(join(folder, "done"), "utf8"), environment: new Map(entries) };
}

describe("HandlerRunner (agent specification §6)", () => {
  it("gives a member script the recorded line and variables", async () => {
    const tags = { role: "web", "1num": "2", k: "tab\there", "my-tag.x": "v 1" };
    const self = member({ name: "foo", tags });

    const { input, environment } = await captured(joinOf(self), self);

    expect(input).toBe("foo\t127.0.0.1\tweb\t1num=2,k=tab\\there,my-tag.x=v 1,role=web\n");
    expect(Object.fromEntries(environment)).toMatchObject({
      SERF_EVENT: "member-join",
      SERF_SELF_NAME: "foo",
      SERF_SELF_ROLE: "web",
      SERF_TAG_1NUM: "2",
      SERF_TAG_MY_TAG_X: "v 1",
      SERF_TAG_K: "tab\there",
      SERF_TAG_ROLE: "web",
    });
  });

  it("writes one line per member, with tabs, quotes, newlines and emoji in place", async () => {
    const odd = member({
      name: 'a\tb"c\nd 🦊',
      endpoint: { address: "::1", port: 1 },
      tags: { "t\n1": "x\ny", role: "r\tr" },
    });

    const { input } = await captured(joinOf(odd, member({ name: "b" })), member({ name: "self" }));

    expect(input).toBe(
      'a\\tb"c\\nd 🦊\t::1\tr\\tr\trole=r\\tr,t\\n1=x\\ny\n' + "b\t127.0.0.1\t\t\n",
    );
  });

  it.each([
    ["payload", "payload\n"],
    ["line\n", "line\n"],
    ["", ""],
  ])("gives a user script the payload %j as %j", async (payload, expected) => {
    const { input, environment } = await captured(
      userEvent("deploy", payload),
      member({ name: "s" }),
    );

    expect(input).toBe(expected);
    expect(environment.get("SERF_USER_EVENT")).toBe("deploy");
    expect(environment.get("SERF_USER_LTIME")).toBe("7");
    expect(environment.get("SERF_SELF_ROLE")).toBe("");
  });

  it("answers a query with what the script prints, error output included and in order", async () => {
    const answers: string[] = [];
    const { runner } = handlers(
      ["query:load=cat; echo two >&2; echo three"],
      member({ name: "s" }),
    );

    runner.handle(query("load", "one", answers));

    await until("an answer", () => answers.length > 0);
    expect(answers).toEqual(["one\ntwo\nthree\n"]);
  });

  it("does not answer when the script fails or prints nothing, and tells the failure", async () => {
    const answers: string[] = [];
    const self = member({ name: "s" });
    const { runner, lines } = handlers(["query=echo out of order; exit 3", "query=true"], self);

    runner.handle(query("load", "", answers));

    await until("both ended", () => lines.filter((line) => line.includes("output")).length >= 2);
    await until("the failure is told", () => lines.some((line) => line.includes("exit status 3")));
    expect(answers).toEqual([]);
    expect(lines).toContain(
      "[ERR] Error invoking script 'echo out of order; exit 3': exit status 3",
    );
    expect(lines).toContain(
      "[ERR] Last output of script 'echo out of order; exit 3': out of order",
    );
  });

  it("tells when a second script answers too", async () => {
    const answers: string[] = [];
    const { runner, lines } = handlers(["query=echo a", "query=echo b"], member({ name: "s" }));

    runner.handle(query("load", "", answers));

    await until("a warning", () => lines.some((line) => line.startsWith("[WARN]")));
    expect(answers).toHaveLength(1);
    expect(lines).toContain(
      "[WARN] Failed to respond to query 'query: load': failed to respond to key query: response already sent",
    );
  });

  it("keeps the last 8192 bytes of a long output and says so", async () => {
    const answers: string[] = [];
    const script = "head -c 20000 /dev/zero | tr '\\0' a; echo end";
    const { runner, lines } = handlers([`query=${script}`], member({ name: "s" }));

    runner.handle(query("load", "", answers));

    await until("an answer", () => answers.length > 0);
    expect(answers[0]).toHaveLength(scriptOutputLimit);
    expect(answers[0]).toMatch(/aend\n$/);
    expect(lines).toContain(
      `[WARN] Script '${script}' generated 20004 bytes of output, truncated to 8192`,
    );
  });

  it("lets a script that hangs delay neither the others nor the agent, and kills it if asked", async () => {
    const answers: string[] = [];
    const self = member({ name: "s" });
    const { runner, lines } = handlers(["*=sleep 600", "query=echo quick"], self, 1_500);

    runner.handle(query("load", "", answers));

    await until("the quick one answers", () => answers.length > 0);
    await until("the slow one is killed", () =>
      lines.some((line) => line.includes("killed after")),
    );
    expect(lines).toContain("[WARN] Script 'sleep 600' slow, execution exceeding 1s");
    expect(lines).toContain(
      "[ERR] Error invoking script 'sleep 600': killed after 1500 ms (handler_timeout)",
    );
  });

  it("keeps the order of a script's events", async () => {
    const { runner } = handlers([`user=cat >> ${folder}/all`], member({ name: "s" }));

    for (let index = 0; index < 20; index += 1) runner.handle(userEvent("n", String(index)));

    const all = join(folder, "all");
    const expected = Array.from({ length: 20 }, (_, index) => `${index}\n`).join("");
    await until("all ran", () => existsSync(all) && readFileSync(all, "utf8") === expected);
    expect(readFileSync(all, "utf8")).toBe(expected);
  });

  it("drops what a hanging script cannot take, and says so once", () => {
    const { runner, lines } = handlers(["user=sleep 3"], member({ name: "s" }));

    for (let index = 0; index < handlerQueueLimit + 10; index += 1) runner.handle(userEvent("n"));

    const warnings = lines.filter((line) => line.includes("too slow, dropping"));
    runner.close();
    expect(warnings).toHaveLength(1);
  });

  it("survives a script whose input nobody reads", async () => {
    const { runner, lines } = handlers(["user=exit 0"], member({ name: "s" }));

    runner.handle(userEvent("n", "x".repeat(1_000_000)));

    await until("it ended", () => lines.some((line) => line.includes("script output")));
    expect(lines.some((line) => line.startsWith("[ERR]"))).toBe(false);
  });
});
