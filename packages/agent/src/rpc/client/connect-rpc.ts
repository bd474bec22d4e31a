/** From an address to an open session. */
import { dial } from "./dial.ts";
import { RpcClient } from "./rpc-client.ts";
import { RpcError } from "./rpc-error.ts";
import { RpcSession } from "./rpc-session.ts";

/** Where an agent listens unless told otherwise. */
export const DEFAULT_RPC_ADDRESS = "127.0.0.1:7373";

export interface ConnectRpcOptions {
  /** `host:port`, IPv6 in brackets. Default `127.0.0.1:7373`. */
  readonly address?: string;
  /** The agent's `rpc_auth`; empty or absent if it has none. */
  readonly authKey?: string;
  /**
   * Milliseconds for the connection, for the agent's answer to the greeting, and for the agent to
   * take each later request; not for its answers. Default 10 000.
   */
  readonly timeoutMs?: number;
  /** Gives up connecting; without effect on the client that came of it. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Connects to an agent, shakes hands, and authenticates if there is a key.
 *
 * @throws {RpcError} `dial-failed` and `timed-out` with the reference's texts; `remote` if the
 *   agent refuses, as in `Invalid authentication token`; `client-closed` if it hangs up.
 *
 * @example
 * await using client = await connectRpc({ address: "127.0.0.1:7373" });
 * for (const member of await client.members()) console.log(member.name, member.status);
 */
export async function connectRpc(options: ConnectRpcOptions = {}): Promise<RpcClient> {
  const { address = DEFAULT_RPC_ADDRESS, authKey = "", timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { signal } = options;
  const socket = await dial(address, { timeoutMs, signal });
  const session = new RpcSession(socket, { writeTimeoutMs: timeoutMs });
  const patience = new AbortController();
  const timer = setTimeout(() => {
    patience.abort(new RpcError("timed-out", `handshake with ${address}: i/o timeout`));
  }, timeoutMs);
  const either = signal === undefined ? [patience.signal] : [patience.signal, signal];
  try {
    await session.open(authKey, { signal: AbortSignal.any(either) });
    return new RpcClient(session);
  } catch (error) {
    await session.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
