/** What an `RpcConnection` asks of whoever drives it. Read next: `rpc-connection.ts`. */
import type { QueryEvent } from "@x/serf";
import type { LogLevel } from "../../log/log-level.ts";
import type { QueryRequest, Request } from "../command.ts";
import type { QueryStream } from "./query-stream.ts";

/** The commands a session carries out by itself. */
type SessionCommand = "auth" | "handshake" | "monitor" | "query" | "respond" | "stop" | "stream";

/** A command the agent carries out as it stands. */
export type AgentRequest = Exclude<Request, { readonly command: SessionCommand }>;

/** What the driver is to do. The first three are to be answered with `reply`, once each. */
export type ConnectionDirective =
  | { readonly kind: "run"; readonly seq: bigint; readonly request: AgentRequest }
  | {
      readonly kind: "respond";
      readonly seq: bigint;
      readonly event: QueryEvent;
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "query";
      readonly seq: bigint;
      readonly request: QueryRequest;
      /** Where the answers go, once the query is under way and replied to. */
      readonly stream: QueryStream;
    }
  /** `flushed`: after every frame was taken. */
  | { readonly kind: "close"; readonly when: "flushed" | "now" }
  | { readonly kind: "log"; readonly level: LogLevel; readonly text: string }
  | { readonly kind: "count-command" };
