import type { Member, QueryEvent, SerfEvent, UserEvent } from "@x/serf";

/** A member with the given fields, everything else plain. */
export function member(fields: Partial<Member> & { readonly name: string }): Member {
  return {
    endpoint: { address: "127.0.0.1", port: 7946 },
    addressBytes: Uint8Array.of(127, 0, 0, 1),
    tags: {},
    status: "alive",
    versions: {
      protocolMin: 1,
      protocolMax: 5,
      protocolCurrent: 2,
      delegateMin: 2,
      delegateMax: 5,
      delegateCurrent: 5,
    },
    ...fields,
  };
}

export function joinOf(...members: readonly Member[]): SerfEvent {
  return { kind: "member-join", members };
}

export function userEvent(name: string, payload = ""): UserEvent {
  return {
    kind: "user",
    lamportTime: 7n,
    name,
    payload: new TextEncoder().encode(payload),
    coalesce: false,
  };
}

/** A query that collects its answers. */
export function query(name: string, payload: string, answers: string[]): QueryEvent {
  return {
    kind: "query",
    lamportTime: 9n,
    id: 1,
    name,
    payload: new TextEncoder().encode(payload),
    sourceNode: "asker",
    timeoutMs: 1000,
    respond: (bytes) => {
      if (answers.length > 0)
        throw new Error("failed to respond to key query: response already sent");
      answers.push(new TextDecoder().decode(bytes));
    },
  };
}
