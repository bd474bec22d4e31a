/** What a connection's stream, monitor and query have in common. */
export interface RecordSource {
  /** The command that opened it; every record carries it. */
  readonly seq: bigint;
  /** The body of the next record to send, or `undefined` if none waits. */
  takeRecord(nowMs: number): Uint8Array | undefined;
  /** Whether nothing will ever come again. */
  readonly hasEnded: boolean;
}
