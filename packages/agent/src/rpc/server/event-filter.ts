/**
 * Which events a stream wants.
 *
 * Source: RPC specification §6.
 */
import type { AgentEvent } from "./rpc-backend.ts";

/** Items of one filter. Each is tried on each event, so a mebibyte of them would hold up the agent. */
export const FILTER_ITEM_LIMIT = 1024;

type EventTest = (event: AgentEvent) => boolean;

const plainKinds: ReadonlySet<string> = new Set([
  "member-join",
  "member-leave",
  "member-failed",
  "member-update",
  "member-reap",
  "user",
  "query",
]);

/**
 * Reads a filter such as `member-join,user:deploy,query`.
 *
 * @returns a test of events, or `undefined` if any item is unknown or there are too many.
 */
export function parseEventFilter(text: string): EventTest | undefined {
  const items = (text === "" ? "*" : text).split(",");
  if (items.length > FILTER_ITEM_LIMIT) return undefined;
  const tests: EventTest[] = [];
  for (const item of items) {
    const test = parseItem(item);
    if (test === undefined) return undefined;
    tests.push(test);
  }
  return (event) => tests.some((test) => test(event));
}

function parseItem(item: string): EventTest | undefined {
  if (item === "*") return () => true;
  if (plainKinds.has(item)) return (event) => event.kind === item;
  const colon = item.indexOf(":");
  const kind = item.slice(0, Math.max(colon, 0));
  if (kind !== "user" && kind !== "query") return undefined;
  const name = item.slice(colon + 1);
  if (name === "") return (event) => event.kind === kind;
  return (event) => event.kind === kind && event.name === name;
}
