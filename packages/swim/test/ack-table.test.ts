import { describe, expect, it } from "vitest";
import { resolveSwimOptions, type SwimOptionsInput } from "@x/swim";
import { AckTable, isPromptSequence, type AckWaiter } from "../src/ack-table.ts";
import { createContext, type CoreContext } from "../src/core-context.ts";
import { endpoint } from "./support/lone-core.ts";

function table(settings: Partial<SwimOptionsInput> = {}, random = 0.5) {
  const options = resolveSwimOptions({
    name: "self",
    advertiseEndpoint: { address: "10.0.0.1", port: 7_946 },
    ...settings,
  });
  const environment = { random: () => random, fillRandom: () => undefined };
  const context: CoreContext = createContext(options, environment, {});
  const reasons = (): readonly string[] =>
    context.outbox
      .take()
      .flatMap((directive) =>
        directive.kind === "report" && directive.report.kind === "answer-unexpected"
          ? [directive.report.reason]
          : [],
      );
  return { acks: new AckTable(context), context, reasons };
}

/** Writes down what it hears; answers may come from `10.0.0.2`. */
class Listener implements AckWaiter {
  readonly heard: string[] = [];

  expectsFrom(address: string): boolean {
    return address === "10.0.0.2";
  }
  handleAck(): void {
    this.heard.push("ack");
  }
  handleNack(): void {
    this.heard.push("nack");
  }
  handleExpired(): void {
    this.heard.push("expired");
  }
  handleAbandoned(): void {
    this.heard.push("abandoned");
  }
}

/** Hears what it must and nothing else. */
const terse: AckWaiter = {
  expectsFrom: () => true,
  handleAck: () => undefined,
  handleExpired: () => undefined,
};

const ack = (sequenceNumber: number) =>
  ({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) }) as const;

describe("AckTable (behaviour specification §5.4)", () => {
  it("hears an answer once, from where it may come, without complaint", () => {
    const { acks, reasons } = table();
    const listener = new Listener();
    const number = acks.expect(listener, 100);

    acks.handleNack(number, endpoint(2), 1);
    acks.handleAck(ack(number), endpoint(2), 2);
    expect(reasons()).toEqual([]);
    acks.handleAck(ack(number), endpoint(2), 3);

    expect(listener.heard).toEqual(["nack", "ack"]);
    expect(reasons()).toEqual(["unknown"]);
  });

  it.each([
    [false, ["ack"]],
    [true, []],
  ] as const)("hears an answer from elsewhere unless told otherwise (%s)", (isStrict, heard) => {
    const { acks, reasons } = table({ strictAnswerSource: isStrict });
    const listener = new Listener();

    acks.handleAck(ack(acks.expect(listener, 100)), endpoint(3), 1);

    expect(listener.heard).toEqual(heard);
    expect(reasons()).toEqual(["wrong-source"]);
  });

  it("ends a wait in time, by being forgotten, or when all are abandoned", () => {
    const { acks, context } = table();
    const listeners = [new Listener(), new Listener(), new Listener()];
    const numbers = listeners.map((listener, index) =>
      acks.expect(listener, index === 0 ? 50 : 100),
    );
    context.timers.runDue(50);
    acks.forget(numbers[1] ?? 0);
    acks.forget(numbers[1] ?? 0);
    acks.clear();
    context.timers.runDue(1_000);

    expect(listeners.map(({ heard }) => heard)).toEqual([["expired"], [], ["abandoned"]]);
    expect(context.timers.size).toBe(0);
  });

  it("asks no more of a waiter than it can do", () => {
    const { acks } = table();
    const number = acks.expect(terse, 100);

    expect(() => acks.handleNack(number, endpoint(2), 1)).not.toThrow();
    expect(() => acks.clear()).not.toThrow();
  });

  it("numbers its pings one after the other from anywhere, and turns over within 31 bits", () => {
    const { acks } = table({ eagerGossip: false }, 1 - 2 ** -31);

    expect([acks.expect(terse, 1), acks.expect(terse, 1)]).toEqual([0, 1]);
  });

  it.each([
    [{}, true],
    [{ eagerGossip: false }, false],
    [{ gossipIntervalMs: 0 }, false],
    [{ gossipFanout: 0 }, false],
  ] as const)(
    "with %o says with every ping that news is passed on at once: %s",
    (settings, isPrompt) => {
      const { acks } = table(settings, 0);

      const numbers = [acks.expect(terse, 1), acks.expect(terse, 1)];

      expect(numbers.map(isPromptSequence)).toEqual([isPrompt, isPrompt]);
      expect(isPromptSequence(0x8000_0000)).toBe(true);
      expect(isPromptSequence(0x7fff_ffff)).toBe(false);
    },
  );
});
