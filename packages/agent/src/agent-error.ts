/** Why an agent could not start, or could not do what it was asked. */
export type AgentErrorCode =
  /** Tags file or keyring: the files are no good, or contradict the configuration. */
  | "setup-failed"
  /** The member itself could not be started. */
  | "start-failed"
  /** Discovery or the RPC server could not be started. */
  | "listener-failed"
  /** The operation is refused by a rule of the agent. */
  | "refused"
  /** None of the addresses of a join answered. */
  | "join-failed";

/** An operation of the agent failed; the message is what the reference tells its operators. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  readonly code: AgentErrorCode;

  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
