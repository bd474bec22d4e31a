import * as nodeEvents from "node:events";
import { describe, expect, it } from "vitest";
import { EventEmitter, once } from "../../src/one-file/events.ts";

/** Those members of Node's and of ours that a scene uses. */
interface Emitter {
  on(event: string, listener: (...words: never[]) => void): unknown;
  once(event: string, listener: (...words: never[]) => void): unknown;
  off(event: string, listener: (...words: never[]) => void): unknown;
  removeAllListeners(event: string): unknown;
  listenerCount(event: string): number;
  emit(event: string, ...words: unknown[]): boolean;
}

type Scene = (emitter: Emitter, tell: (line: string) => void) => void;

const scenes: Record<string, Scene> = {
  "listeners are called in order, with everything that was told"(emitter, tell) {
    emitter.on("news", (...words: string[]) => tell(`first ${words.join()}`));
    emitter.on("news", (...words: string[]) => tell(`second ${words.join()}`));
    tell(`${emitter.emit("news", "a", "b")} ${emitter.emit("other")}`);
  },
  "one that listens once is called once, even if it tells the same again"(emitter, tell) {
    emitter.once("news", () => {
      tell("once");
      emitter.emit("news");
    });
    emitter.on("news", () => tell("always"));
    emitter.emit("news");
    tell(`${emitter.listenerCount("news")}`);
  },
  "off takes the last of equal listeners away, also one that listens once"(emitter, tell) {
    const listener = (): void => tell("called");
    emitter.on("news", listener);
    emitter.once("news", listener);
    emitter.off("news", listener);
    emitter.off("news", () => {});
    tell(`${emitter.listenerCount("news")}`);
    emitter.emit("news");
    emitter.emit("news");
  },
  "who stops or starts listening meanwhile changes the next telling only"(emitter, tell) {
    const late = (): void => tell("late");
    const leaving = (): void => tell("leaving");
    emitter.on("news", () => {
      emitter.off("news", leaving);
      emitter.on("news", late);
    });
    emitter.on("news", leaving);
    emitter.emit("news");
    tell("again");
    emitter.emit("news");
  },
  "nobody is left after all were taken away"(emitter, tell) {
    emitter.on("news", () => tell("called"));
    emitter.on("other", () => tell("other"));
    emitter.removeAllListeners("news");
    tell(`${emitter.emit("news")} ${emitter.emit("other")}`);
  },
  "an error nobody listens to is thrown"(emitter, tell) {
    try {
      emitter.emit("error", new Error("unheard"));
    } catch (error) {
      tell((error as Error).message);
    }
    emitter.on("error", ({ message }: Error) => tell(`heard ${message}`));
    emitter.emit("error", new Error("again"));
  },
};

function told(scene: Scene, emitter: Emitter): string[] {
  const lines: string[] = [];
  scene(emitter, (line) => lines.push(line));
  return lines;
}

describe("EventEmitter tells what Node's tells", () => {
  it.each(Object.keys(scenes))("%s", (name) => {
    const scene = scenes[name] as Scene;

    const ours = told(scene, new EventEmitter());

    expect(ours.length).toBeGreaterThan(0);
    expect(ours).toEqual(told(scene, new nodeEvents.EventEmitter() as unknown as Emitter));
  });
});

describe("once", () => {
  it("resolves with what comes with the event, and listens no more", async () => {
    const emitter = new EventEmitter();
    const next = once(emitter, "news");

    emitter.emit("news", 1, 2);

    expect(await next).toEqual([1, 2]);
    expect([emitter.listenerCount("news"), emitter.listenerCount("error")]).toEqual([0, 0]);
  });

  it("rejects with an error that comes first, and listens no more", async () => {
    const emitter = new EventEmitter();
    const next = once(emitter, "news");

    emitter.emit("error", new Error("first"));

    await expect(next).rejects.toThrow("first");
    expect([emitter.listenerCount("news"), emitter.listenerCount("error")]).toEqual([0, 0]);
  });
});
