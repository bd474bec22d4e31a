/**
 * Takes the place of `vitest` while mutants are tried: keeps every test as a function that can be
 * called again and again, so that a mutant costs the tests that reach it and no start of anything.
 *
 * Only what the unit tests of the four packages use is here; anything else is missing, and a test
 * that asks for it fails without any mutant, which is loud.
 */
import { format } from "node:util";
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";

/** One test. */
export interface Claim {
  /** File and title: unique. */
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly run: () => Promise<void>;
}

type Body = (...args: never[]) => unknown;
type Hook = () => unknown;

interface Suite {
  readonly title: string;
  readonly before: Hook[];
  readonly after: Hook[];
  readonly outer: Suite | undefined;
}

let file = "";
let suite: Suite = { title: "", before: [], after: [], outer: undefined };
let claims: Claim[] = [];

/** Collects the tests that a file declares while it is imported. */
export async function collectClaims(path: string, load: () => Promise<unknown>): Promise<Claim[]> {
  file = path;
  suite = { title: "", before: [], after: [], outer: undefined };
  claims = [];
  await load();
  return claims;
}

function declareSuite(title: string, body: () => unknown): void {
  const outer = suite;
  suite = { title, before: [], after: [], outer };
  body();
  suite = outer;
}

function declareClaim(title: string, body: Body, args: readonly unknown[] = []): void {
  const own = suite;
  const words = [title];
  for (let at: Suite | undefined = own; at !== undefined; at = at.outer) words.unshift(at.title);
  const full = words.filter((word) => word !== "").join(" › ");
  const twins = claims.filter(
    (claim) => claim.title === full || claim.title.startsWith(`${full} #`),
  );
  const unique = twins.length === 0 ? full : `${full} #${twins.length + 1}`;
  claims.push({
    id: `${file} › ${unique}`,
    title: unique,
    file,
    run: async () => {
      for (const hook of hooksOf(own, "before").reverse()) await hook();
      try {
        await body(...(args as never[]));
      } finally {
        for (const hook of hooksOf(own, "after")) await hook();
      }
    },
  });
}

/** From the inner suite to the outer. */
function hooksOf(own: Suite, when: "before" | "after"): Hook[] {
  const hooks: Hook[] = [];
  for (let at: Suite | undefined = own; at !== undefined; at = at.outer) hooks.push(...at[when]);
  return hooks;
}

type Declare = (title: string, body: Body, args?: readonly unknown[]) => void;

/** `it.each(rows)(title, body)`: a row that is a list is spread over the arguments. */
function eachOf(
  declare: Declare,
): (rows: readonly unknown[]) => (title: string, body: Body) => void {
  return (rows) => (title, body) => {
    for (const row of rows) {
      const args: readonly unknown[] = Array.isArray(row) ? row : [row];
      declare(titleOf(title, args), body, args);
    }
  };
}

function titleOf(title: string, args: readonly unknown[]): string {
  const [first] = args;
  const named = title.replaceAll(/\$(\w+)/g, (whole, key: string) =>
    typeof first === "object" && first !== null && key in first
      ? String((first as Record<string, unknown>)[key])
      : whole,
  );
  const places = named.match(/%[sdifjoO]/g)?.length ?? 0;
  return format(named, ...args.slice(0, places));
}

interface Declaration {
  (title: string, body: Body): void;
  readonly each: ReturnType<typeof eachOf>;
  readonly runIf: (condition: unknown) => Declare;
}

function declarationOf(declare: Declare): Declaration {
  const ignore: Declare = () => undefined;
  return Object.assign((title: string, body: Body) => declare(title, body), {
    each: eachOf(declare),
    runIf: (condition: unknown) => (condition ? declare : ignore),
  });
}

/** As vitest's. */
export const it: Declaration = declarationOf(declareClaim);
/** As vitest's. */
export const describe: Declaration = declarationOf((title, body, args = []) =>
  declareSuite(title, () => body(...(args as never[]))),
);
/** As vitest's. */
export const beforeEach = (hook: Hook): void => void suite.before.push(hook);
/** As vitest's. */
export const afterEach = (hook: Hook): void => void suite.after.unshift(hook);

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

const globals = globalThis as unknown as Record<string | symbol, object>;

/** The very matchers of vitest. */
export const expect: typeof chai.expect = Object.assign(
  (value: unknown, message?: string) => chai.expect(value, message),
  chai.expect,
  globals[ASYMMETRIC_MATCHERS_OBJECT],
);
globals[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0 }, expect as never);
