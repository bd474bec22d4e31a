import type { Broadcast, FinishReason } from "../../src/index.ts";

/** A payload of a given length whose first byte, if it has one, tells which one it is. */
export function payloadOf(lengthBytes: number, mark = 0): Uint8Array {
  const payload = new Uint8Array(lengthBytes);
  if (lengthBytes > 0) payload[0] = mark & 0xff;
  return payload;
}

/** Makes rumours that write down how they ended, in order. */
export class RumourMill {
  readonly ends: string[] = [];
  readonly #labels = new Map<Uint8Array, string>();

  rumour(
    label: string,
    lengthBytes: number,
    kind: Pick<Broadcast, "key" | "invalidates"> = {},
  ): Broadcast {
    const payload = payloadOf(lengthBytes);
    this.#labels.set(payload, label);
    return {
      payload,
      ...kind,
      finished: (reason: FinishReason): void => {
        this.ends.push(`${label} ${reason}`);
      },
    };
  }

  /** The labels of what was taken. */
  labels(payloads: readonly Uint8Array[]): string[] {
    return payloads.map((payload) => this.#labels.get(payload) ?? "unknown");
  }
}
