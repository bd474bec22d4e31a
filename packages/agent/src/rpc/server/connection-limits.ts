/** Everything one RPC connection may cost the agent. Source: RPC specification §10 and §15. */
export interface ConnectionLimits {
  /** Milliseconds from the accept until the handshake, and `auth` where needed, must be done. */
  readonly openTimeoutMs: number;
  /** Milliseconds a message that has begun may take to arrive whole. */
  readonly messageTimeoutMs: number;
  /** Commands being carried out; further ones wait in the socket. */
  readonly inFlightLimit: number;
  /** Unsent response bytes at which further commands wait in the socket. */
  readonly unsentBytesLimit: number;
  /** Event streams. The reference has no limit. */
  readonly streamLimit: number;
  /** Queries that have not ended. */
  readonly queryLimit: number;
  /** Records waiting in each stream, monitor and query. */
  readonly recordLimit: number;
  /** Received queries that can still be answered; the oldest makes room. */
  readonly pendingQueryLimit: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  openTimeoutMs: 30_000,
  messageTimeoutMs: 30_000,
  inFlightLimit: 64,
  unsentBytesLimit: 256 * 1024,
  streamLimit: 256,
  queryLimit: 256,
  recordLimit: 512,
  pendingQueryLimit: 4096,
};
