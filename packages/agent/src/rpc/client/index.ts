/**
 * A client for the RPC port of a Serf agent, this project's or HashiCorp's.
 *
 * Start at `connectRpc`; everything else is what it returns. Reconnecting is the caller's choice:
 * a client whose connection is gone says `client-closed` and stays so.
 *
 * @packageDocumentation
 */
export { connectRpc, DEFAULT_RPC_ADDRESS } from "./connect-rpc.ts";
export type { ConnectRpcOptions } from "./connect-rpc.ts";
export { RpcClient } from "./rpc-client.ts";
export type { MembersFilter, RpcQuery, SubscribeOptions } from "./rpc-client.ts";
export type { Cancellable, RpcSession } from "./rpc-session.ts";
export { Subscription } from "./subscription.ts";
export type { SubscriptionOptions } from "./subscription.ts";
export type {
  RpcAnswer,
  RpcEvent,
  RpcKeyOutcome,
  RpcMember,
  RpcMemberEventKind,
} from "./client-records.ts";
export { RpcError } from "./rpc-error.ts";
export type { RpcErrorCode } from "./rpc-error.ts";
export { addressText } from "./address-text.ts";
