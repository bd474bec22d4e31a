/**
 * How a command reaches its agent, and how it says that something went wrong.
 *
 * Source: CLI specification §3.
 */
import type { FlagSpec } from "@x/agent/flags";
import { connectRpc, DEFAULT_RPC_ADDRESS, RpcError, type RpcClient } from "@x/agent/rpc-client";
import { exitFailure, type Invocation, textFlag } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** On every command that talks to an agent. */
export const connectionFlags: readonly FlagSpec[] = [
  {
    name: "rpc-addr",
    kind: "text",
    placeholder: "addr",
    help: "Address of the agent's RPC server; SERF_RPC_ADDR says it too.",
    shownDefault: DEFAULT_RPC_ADDRESS,
  },
  {
    name: "rpc-auth",
    kind: "text",
    placeholder: "token",
    help: "Token of the RPC server. SERF_RPC_AUTH and -rpc-auth-file keep it out of process lists.",
  },
  {
    name: "rpc-auth-file",
    kind: "text",
    placeholder: "path",
    help: "File that holds the token of the RPC server.",
  },
];

/**
 * Says what went wrong. Standard output, as scripts of the reference's users expect, unless
 * `SERF_ERRORS=stderr` asks for standard error.
 *
 * @returns the exit code of a failure.
 */
export function fail(terminal: Terminal, text: string): number {
  if (terminal.environment["SERF_ERRORS"] === "stderr") terminal.writeErr(`${text}\n`);
  else terminal.writeOut(`${text}\n`);
  return exitFailure;
}

/** The text of whatever was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Connects, runs the body, and closes the connection.
 *
 * @returns what the body returned, or 1 when there is no agent to talk to.
 */
export async function withAgent(
  invocation: Invocation,
  body: (client: RpcClient) => Promise<number>,
): Promise<number> {
  const { flags, terminal } = invocation;
  const { environment } = terminal;
  // So early that the token stands in process lists as shortly as can be.
  if (flags.values.has("rpc-auth")) terminal.hideWords();
  let client: RpcClient;
  try {
    const given = flags.values.get("rpc-addr");
    const address =
      typeof given === "string" ? given : environment["SERF_RPC_ADDR"] || DEFAULT_RPC_ADDRESS;
    client = await connectRpc({ address, authKey: rpcToken(invocation) });
  } catch (error) {
    const exitCode = fail(terminal, `Error connecting to Serf agent: ${errorText(error)}`);
    // Only where a person looks: programs get the reference's words and no others.
    if (terminal.isInteractive && isRefused(error)) terminal.writeErr(REFUSED_HINT);
    return exitCode;
  }
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

const REFUSED_HINT =
  "Is an agent running there? `serf agent` starts one; -rpc-addr or SERF_RPC_ADDR names another.\n";

function isRefused(error: unknown): boolean {
  if (!(error instanceof RpcError) || error.code !== "dial-failed") return false;
  return (error.cause as { readonly code?: unknown } | undefined)?.code === "ECONNREFUSED";
}

/** The flag, else the file, else the environment. */
function rpcToken({ flags, terminal }: Invocation): string {
  const given = textFlag(flags, "rpc-auth");
  if (given !== "") return given;
  const file = textFlag(flags, "rpc-auth-file");
  if (file !== "") return terminal.readFile(file).trim();
  return terminal.environment["SERF_RPC_AUTH"] ?? "";
}
