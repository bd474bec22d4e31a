/**
 * How much everything holds that hangs from an object: every map, set, array and queue, private
 * ones included, by class and field.
 *
 * It asks the engine's own inspector, which sees `#private` fields, so that no table can be
 * forgotten. For tests that look for something that grows; far too slow for anything else.
 */
import { Session, type Runtime } from "node:inspector";

/** `Class.field` → elements in all such fields together. */
export type Census = ReadonlyMap<string, number>;

/** Elements of one collection that are looked into. */
const ELEMENTS_LOOKED_INTO = 64;
const GROUP = "census";
const COLLECTIONS: ReadonlySet<string> = new Set([
  "array",
  "arraybuffer",
  "map",
  "set",
  "typedarray",
]);

interface Shared {
  root: object;
  /** A number for each object: the inspector names the same one anew each time. */
  numberOf(thing: object): number;
}

const SHARED = "serf census";

/** What the engine answers; the types of Node.js do not know of private properties. */
interface Properties extends Runtime.GetPropertiesReturnType {
  readonly privateProperties?: readonly {
    readonly name: string;
    readonly value?: Runtime.RemoteObject;
  }[];
}

/** @param root - whose parts are counted; a function's captured variables are not seen. */
export function census(root: object): Census {
  const session = new Session();
  const numbers = new WeakMap<object, number>();
  let lastNumber = 0;
  const shared: Shared = {
    root,
    numberOf(thing) {
      const number = numbers.get(thing) ?? (lastNumber += 1);
      numbers.set(thing, number);
      return number;
    },
  };
  Reflect.set(globalThis, SHARED, shared);
  session.connect();
  try {
    const walk = new Walk(session);
    walk.visit(walk.evaluate(`globalThis[${JSON.stringify(SHARED)}].root`));
    return walk.counts;
  } finally {
    session.post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
    session.disconnect();
    Reflect.deleteProperty(globalThis, SHARED);
  }
}

class Walk {
  readonly counts = new Map<string, number>();
  readonly #session: Session;
  readonly #seen = new Set<number>();

  constructor(session: Session) {
    this.#session = session;
  }

  evaluate(expression: string): Runtime.RemoteObject {
    return this.#ask<Runtime.EvaluateReturnType>("Runtime.evaluate", {
      expression,
      objectGroup: GROUP,
    }).result;
  }

  visit(root: Runtime.RemoteObject): void {
    const waiting: Runtime.RemoteObject[] = [root];
    for (let thing = waiting.pop(); thing !== undefined; thing = waiting.pop()) {
      if (thing.objectId === undefined || !this.#isNew(thing.objectId)) continue;
      waiting.push(...this.#partsOf(thing));
    }
  }

  /** Counts the collections among its fields, and answers what to look at next. */
  #partsOf(thing: Runtime.RemoteObject): Runtime.RemoteObject[] {
    if (COLLECTIONS.has(thing.subtype ?? "")) return this.#elementsOf(thing);
    const found = this.#propertiesOf(thing);
    const fields = [...found.result, ...(found.privateProperties ?? [])];
    return fields.flatMap(({ name, value }) => {
      if (value?.type !== "object" || value.objectId === undefined) return [];
      if (COLLECTIONS.has(value.subtype ?? "")) {
        const field = `${thing.className ?? "?"}.${name}`;
        this.counts.set(field, (this.counts.get(field) ?? 0) + sizeOf(value));
      }
      return [value];
    });
  }

  #elementsOf(collection: Runtime.RemoteObject): Runtime.RemoteObject[] {
    const { subtype } = collection;
    if (subtype === "typedarray" || subtype === "arraybuffer") return [];
    const found = this.#propertiesOf(collection);
    if (subtype === "array") {
      return found.result
        .slice(0, ELEMENTS_LOOKED_INTO)
        .flatMap(({ value }) => (value?.type === "object" ? [value] : []));
    }
    // Of a map or set: an array of entries, each with its key and value.
    const entries = found.internalProperties?.find(({ name }) => name === "[[Entries]]")?.value;
    if (entries?.objectId === undefined) return [];
    return this.#propertiesOf(entries)
      .result.slice(0, ELEMENTS_LOOKED_INTO)
      .flatMap(({ value }) =>
        value?.objectId === undefined ? [] : this.#propertiesOf(value).result,
      )
      .flatMap(({ value }) => (value?.type === "object" ? [value] : []));
  }

  #propertiesOf({ objectId = "" }: Runtime.RemoteObject): Properties {
    return this.#ask("Runtime.getProperties", { objectId, ownProperties: true });
  }

  #isNew(objectId: string): boolean {
    const { result } = this.#ask<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: `function () { return globalThis[${JSON.stringify(SHARED)}].numberOf(this) }`,
      returnByValue: true,
    });
    const number = Number(result.value);
    if (this.#seen.has(number)) return false;
    this.#seen.add(number);
    return true;
  }

  /** The inspector of the own thread answers at once. */
  #ask<Answer>(method: string, parameters: object): Answer {
    let answer: Answer | undefined;
    let failure: Error | null = null;
    this.#session.post(method, parameters, (error, result) => {
      failure = error;
      answer = result as Answer;
    });
    if (failure !== null) throw failure as Error;
    if (answer === undefined) throw new Error(`the inspector did not answer ${method} at once`);
    return answer;
  }
}

/** From what the inspector calls it: `Map(3)`, `Array(2)`, `ArrayBuffer(16)`. */
function sizeOf({ description = "" }: Runtime.RemoteObject): number {
  return Number(/\((\d+)\)$/.exec(description)?.[1] ?? 0);
}
