/**
 * Which events a script is run for.
 *
 * The same filter items serve RPC event streams. Source: agent specification §6, RPC
 * specification §6.
 */

/** One item of a filter: `*`, `member-join`, `user`, `user:deploy`, … */
export interface EventFilter {
  /** `*` = every event. */
  readonly event: string;
  /** Only for `user` and `query`; empty = any name. */
  readonly name: string;
}

/** A filter and the script to run when it matches. */
export interface HandlerSpec {
  readonly filter: EventFilter;
  readonly script: string;
}

/** `message` is what the operator reads. */
export class InvalidHandlerError extends Error {
  override readonly name = "InvalidHandlerError";
}

const plainEvents = new Set([
  "member-join",
  "member-leave",
  "member-failed",
  "member-update",
  "member-reap",
  "user",
  "query",
  "*",
]);

/**
 * @param text - one item, no trimming.
 * @returns `undefined` when there is no such event.
 */
function parseFilterItem(text: string): EventFilter {
  for (const event of ["user", "query"]) {
    if (text.startsWith(`${event}:`)) return { event, name: text.slice(event.length + 1) };
  }
  return { event: text, name: "" };
}

/** Whether there is such an event. */
export function isValidFilter(filter: EventFilter): boolean {
  return plainEvents.has(filter.event);
}

/**
 * @param text - comma-separated items; empty = `*`.
 *
 * @example
 * parseEventFilters("member-join,user:deploy"); // => [{ event: "member-join", name: "" }, { event: "user", name: "deploy" }]
 */
export function parseEventFilters(text: string): readonly EventFilter[] {
  return text === "" ? [{ event: "*", name: "" }] : text.split(",").map(parseFilterItem);
}

/** Whether an event of this kind and name (empty for member events) passes. */
export function matchesFilter(filter: EventFilter, event: string, name: string): boolean {
  if (filter.event === "*") return true;
  return filter.event === event && (filter.name === "" || filter.name === name);
}

/**
 * Splits `[FILTERS=]SCRIPT` at the first `=` into one pair per filter item.
 *
 * @throws {InvalidHandlerError} `Invalid event script: Event 'foo' invoking 'bar'`.
 *
 * @example
 * parseHandlerSpec("user:deploy=./deploy.sh"); // => [{ filter: { event: "user", name: "deploy" }, script: "./deploy.sh" }]
 */
export function parseHandlerSpec(text: string): readonly HandlerSpec[] {
  const equals = text.indexOf("=");
  const filters = equals < 0 ? "" : text.slice(0, equals);
  const script = equals < 0 ? text : text.slice(equals + 1);
  return parseEventFilters(filters).map((filter) => {
    if (!isValidFilter(filter)) {
      const event = filter.name === "" ? filter.event : `${filter.event}:${filter.name}`;
      throw new InvalidHandlerError(`Invalid event script: Event '${event}' invoking '${script}'`);
    }
    return { filter, script };
  });
}
