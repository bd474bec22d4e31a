import type { Member, SerfEvent } from "@x/serf";
import type { KeyOutcome, RunningQuery, RunningSerf } from "@x/serf/node";
import { member } from "./members.ts";
import { keyOutcome, runningQuery } from "./scripted-backend.ts";

/** A member without a cluster: it fails as told, and remembers what it was asked. */
export class FakeSerf implements RunningSerf {
  localMember: Member = member({ name: "foo", tags: { a: "1" } });
  readonly members: readonly Member[] = [this.localMember];
  readonly memberRevision = 0;
  readonly state = "alive";
  readonly isEncrypted = false;
  readonly closed: Promise<void> = new Promise(() => {});
  readonly asked: (readonly unknown[])[] = [];
  /** What the next calls fail with. */
  failure: Error | undefined;
  readonly keys: RunningSerf["keys"] = {
    install: (key) => this.#key("install", key),
    use: (key) => this.#key("use", key),
    remove: (key) => this.#key("remove", key),
    list: () => this.#key("list", ""),
  };

  async join(addresses: readonly string[], options: unknown): Promise<number> {
    this.#ask("join", addresses, options);
    return addresses.length;
  }

  async leave(): Promise<void> {
    this.#ask("leave");
  }

  async forceLeave(name: string, options: unknown): Promise<void> {
    this.#ask("forceLeave", name, options);
  }

  async setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    this.#ask("setTags", tags);
    this.localMember = { ...this.localMember, tags };
  }

  userEvent(name: string): void {
    this.#ask("userEvent", name);
  }

  query(name: string): RunningQuery {
    this.#ask("query", name);
    return runningQuery([]);
  }

  async *events(): AsyncIterable<SerfEvent> {}

  coordinate(): undefined {}

  rtt(): undefined {}

  stats(): Readonly<Record<string, string>> {
    return { members: "1" };
  }

  async close(): Promise<void> {
    this.#ask("close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #key(command: string, key: string): Promise<KeyOutcome> {
    this.#ask(`keys.${command}`, key);
    return keyOutcome();
  }

  #ask(...asked: readonly unknown[]): void {
    this.asked.push(asked);
    if (this.failure !== undefined) throw this.failure;
  }
}
