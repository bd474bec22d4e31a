/**
 * From what a user writes to the addresses to contact.
 *
 * Source: behaviour specification §9, "Address syntax".
 */
import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import { parseJoinAddress, type JoinAddress } from "../address-syntax.ts";
import { SwimError } from "../errors.ts";
import type { JoinTarget } from "../join.ts";
import type { Endpoint } from "../protocol-core.ts";
import { queryAddresses } from "./dns-over-tcp.ts";
import { readFirstNameServer } from "./resolver-file.ts";
import { endpointText, errorCode } from "./stream-failure.ts";

export interface ResolveOptions {
  /** For addresses without a port: the own bind port, which the reference assumes of others. */
  readonly defaultPort: number;
  /** The resolver file whose first server is asked over TCP. Default `/etc/resolv.conf`. */
  readonly dnsConfigPath?: string;
  /** How long that server may take before the system's resolver is asked instead. Default 2 s. */
  readonly dnsTimeoutMs?: number;
  /** Aborting rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** The system's resolver. Default: `lookup` of node:dns, with all addresses. */
  readonly systemLookup?: (hostName: string) => Promise<readonly string[]>;
}

const DEFAULT_DNS_CONFIG_PATH = "/etc/resolv.conf";
const DEFAULT_DNS_TIMEOUT_MS = 2_000;

/**
 * Resolves `[name/]host[:port]`.
 *
 * A host name with a dot is first asked of the first server in `dnsConfigPath`, over TCP and for
 * any record, so that a name with more addresses than fit a UDP answer gives all of them. If that
 * fails or finds nothing, and for names without a dot, the system's resolver is asked.
 *
 * @returns one target for each address, at least one.
 * @throws {SwimError} `invalid-address` if the text has another shape; `unresolved-address` if no
 *   resolver knows the name, with what each of them said in `cause` (an `AggregateError`).
 *
 * @example
 * await resolveJoinAddress("blue/10.0.0.1", { defaultPort: 7946 });
 * // => [{ name: "blue", endpoint: { address: "10.0.0.1", port: 7946 }, text: "blue/10.0.0.1" }]
 */
export async function resolveJoinAddress(
  text: string,
  options: ResolveOptions,
): Promise<JoinTarget[]> {
  options.signal?.throwIfAborted();
  const parsed = parseJoinAddress(text, options.defaultPort);
  const addresses = isIP(parsed.host) === 0 ? await resolveHost(parsed, options) : [parsed.host];
  return addresses.map((address) => {
    const endpoint = { address, port: parsed.port };
    return parsed.name === undefined ? { endpoint, text } : { name: parsed.name, endpoint, text };
  });
}

async function resolveHost(
  parsed: JoinAddress,
  options: ResolveOptions,
): Promise<readonly string[]> {
  const { host } = parsed;
  const errors: unknown[] = [];
  let server: Endpoint | undefined;
  if (host.includes(".")) {
    try {
      server = await readFirstNameServer(options.dnsConfigPath ?? DEFAULT_DNS_CONFIG_PATH);
      const addresses = await askServer(server, host, options);
      if (addresses.length > 0) return addresses;
    } catch (error) {
      options.signal?.throwIfAborted();
      // Kept for the report; the system's resolver may know better.
      errors.push(error);
    }
  }
  try {
    const addresses = await unlessAborted(
      (options.systemLookup ?? lookupAll)(host),
      options.signal,
    );
    if (addresses.length > 0) return addresses;
  } catch (error) {
    options.signal?.throwIfAborted();
    errors.push(error);
  }
  const asked = server === undefined ? "" : ` on ${endpointText(server)}`;
  throw new SwimError("unresolved-address", `lookup ${host}${asked}: ${lastWords(errors)}`, {
    cause: new AggregateError(errors, "what each resolver said"),
  });
}

async function askServer(
  server: Endpoint | undefined,
  hostName: string,
  options: ResolveOptions,
): Promise<string[]> {
  if (server === undefined) return [];
  const timeoutMs = options.dnsTimeoutMs ?? DEFAULT_DNS_TIMEOUT_MS;
  const query = { server, hostName, timeoutMs };
  return queryAddresses(
    options.signal === undefined ? query : { ...query, signal: options.signal },
  );
}

async function lookupAll(hostName: string): Promise<string[]> {
  const answers = await systemLookup(hostName, { all: true });
  return answers.map(({ address }) => address);
}

/** The system's resolver cannot be stopped, but nobody has to wait for it. */
async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = withRejecter();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  // Starting the work may have taken long enough to be told to stop.
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function withRejecter(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<never>((_resolve, rejectPromise) => {
    reject = rejectPromise;
  });
  return { promise, reject };
}

function lastWords(errors: readonly unknown[]): string {
  const last = errors.at(-1);
  const isUnknown = ["ENOTFOUND", "ENODATA"].includes(errorCode(last));
  if (isUnknown || !(last instanceof Error)) return "no such host";
  return errorCode(last) === "EAI_AGAIN" ? "temporary failure in name resolution" : last.message;
}
