/**
 * Everything a core may ask its driver to do.
 *
 * Read next: `protocol-core.ts` for what comes back.
 */
import type { Endpoint, StreamId } from "./protocol-core.ts";

export type Directive<Event, Report> =
  /** Send one UDP packet. The bytes are never changed afterwards. */
  | { readonly kind: "send-datagram"; readonly target: Endpoint; readonly bytes: Uint8Array }
  /** Dial. Answered by `opened`, or by `failed` with code `timed-out` after `timeoutMs`. */
  | {
      readonly kind: "open-stream";
      readonly streamId: StreamId;
      readonly target: Endpoint;
      readonly timeoutMs: number;
    }
  | { readonly kind: "write-stream"; readonly streamId: StreamId; readonly bytes: Uint8Array }
  /** Flush what was written, then close both directions. No event follows. */
  | { readonly kind: "close-stream"; readonly streamId: StreamId }
  /** Drop the connection at once, unsent bytes included. No event follows. */
  | { readonly kind: "reset-stream"; readonly streamId: StreamId }
  /** Tell the user. */
  | { readonly kind: "emit"; readonly event: Event }
  /** Tell the operator: a fact for the log and the counters, never an instruction. */
  | { readonly kind: "report"; readonly report: Report };
