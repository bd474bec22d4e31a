import { describe, expect, it } from "vitest";
import { SignalLoop, waitingLimit } from "../src/signal-loop.ts";

/** Signals as a test sends them. */
function start() {
  let handler: (signal: NodeJS.Signals) => void = () => {};
  let isListening = true;
  const loop = new SignalLoop({
    onSignal(given) {
      handler = given;
      return () => {
        isListening = false;
      };
    },
  });
  return { loop, send: (signal: NodeJS.Signals) => handler(signal), listens: () => isListening };
}

describe("SignalLoop (agent specification §7)", () => {
  it("gives causes in the order they came, before and after somebody waits", async () => {
    const { loop, send } = start();
    send("SIGHUP");
    loop.retryExhausted();

    expect(await loop.next()).toEqual({ kind: "signal", signal: "SIGHUP" });
    expect(await loop.next()).toEqual({ kind: "retry-exhausted" });
    const next = loop.next();
    loop.serfClosed();
    loop.requestShutdown();
    expect(await next).toEqual({ kind: "serf-closed" });
    expect(await loop.next()).toEqual({ kind: "shutdown-requested" });
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "takes %s during a leave as: at once, and not as a cause of its own",
    async (signal) => {
      const { loop, send } = start();
      const second = loop.secondSignal();

      send(signal);
      await second;
      loop.serfClosed();

      expect(await loop.next()).toEqual({ kind: "serf-closed" });
    },
  );

  it("counts a second signal that came before the first was looked at", async () => {
    const { loop, send } = start();
    send("SIGINT");
    send("SIGINT");
    await loop.next();

    await loop.secondSignal();

    expect(await loop.next()).toEqual({ kind: "signal", signal: "SIGINT" });
  });

  it("still dumps the metrics during a leave", async () => {
    const { loop, send } = start();
    void loop.secondSignal();

    send("SIGUSR1");

    expect(await loop.next()).toEqual({ kind: "signal", signal: "SIGUSR1" });
  });

  it("keeps no more causes than its limit", async () => {
    const { loop, send } = start();
    for (let count = 0; count < waitingLimit + 10; count += 1) send("SIGHUP");
    for (let count = 0; count < waitingLimit; count += 1) await loop.next();

    const next = loop.next();
    send("SIGTERM");

    expect(await next).toEqual({ kind: "signal", signal: "SIGTERM" });
  });

  it("waits for work unless a signal comes, and counts signals as causes again afterwards", async () => {
    const { loop, send } = start();

    const done = await loop.untilSignal(Promise.resolve("done"));
    const cut = loop.untilSignal(new Promise(() => {}));
    send("SIGINT");

    expect([done, await cut]).toEqual(["done", undefined]);
    send("SIGTERM");
    expect(await loop.next()).toEqual({ kind: "signal", signal: "SIGTERM" });
  });

  it("stops listening when it is closed", () => {
    const { loop, listens } = start();

    loop.close();

    expect(listens()).toBe(false);
  });
});
