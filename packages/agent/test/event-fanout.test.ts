import { describe, expect, it } from "vitest";
import { EventFanout } from "../src/event-fanout.ts";
import { joinOf, member, query, userEvent } from "./support/members.ts";

describe("EventFanout (agent specification §4, §5)", () => {
  it("logs each event once, and hands it to everybody who still listens", () => {
    const lines: string[] = [];
    const heard: string[] = [];
    const events = new EventFanout((level, text) => lines.push(`[${level}] ${text()}`));
    const stop = events.subscribe((event) => heard.push(`a ${event.kind}`));
    events.subscribe((event) => heard.push(`b ${event.kind}`));

    events.handle(joinOf(member({ name: "x" })));
    stop();
    events.handle(userEvent("deploy"));
    events.handle(query("load", "", []));

    expect(lines).toEqual([
      "[INFO] Received event: member-join",
      "[INFO] Received event: user-event: deploy",
      "[INFO] Received event: query: load",
    ]);
    expect(heard).toEqual(["a member-join", "b member-join", "b user", "b query"]);
  });

  it("hears and says nothing any more once it is closed", () => {
    const lines: string[] = [];
    const heard: string[] = [];
    const events = new EventFanout((_, text) => lines.push(text()));
    events.subscribe((event) => heard.push(event.kind));

    events.close();
    events.handle(userEvent("late"));

    expect([lines, heard]).toEqual([[], []]);
  });

  it("keeps an event's name from forging a line", () => {
    const lines: string[] = [];
    const events = new EventFanout((_, text) => lines.push(text()));

    events.handle(userEvent("x\n2026/01/01 00:00:00 [INFO] agent: shutdown complete"));

    expect(lines[0]).not.toContain("\n");
  });
});
