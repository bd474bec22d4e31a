/**
 * Every recorded conversation, with our client in the place of the recorded one: each request is
 * awaited under its recorded number, and the recorded agent's bytes are fed, cut into segments of
 * every length from 1 to 16.
 *
 * What is compared: the error of every response, and every body and record as this client reads
 * it, with the decoded form in the recording. Requests that the agent did not answer, because it
 * closed the connection, hear nothing.
 */
import { describe, expect, it } from "vitest";
import {
  commandCodecs,
  eventKind,
  isCommandName,
  logRecord,
  memberEventRecord,
  queryEventRecord,
  queryRecord,
  userEventRecord,
} from "../../../src/rpc/command.ts";
import { CallTable } from "../../../src/rpc/client/call-table.ts";
import { decodeValue } from "../../../src/rpc/record-codec.ts";
import type { Codec } from "../../../src/rpc/record-codec.ts";
import type { WireRecord } from "../../support/raw-rpc-client.ts";
import { conversations, requestsOf } from "../../support/recorded-conversations.ts";
import type { Conversation } from "../../support/recorded-conversations.ts";

function decodeRecord(command: string, body: Uint8Array): unknown {
  if (command === "monitor") return decodeValue(logRecord, body);
  if (command === "query") return decodeValue(queryRecord, body);
  const { Event: kind } = decodeValue(eventKind, body);
  if (kind === "user") return decodeValue(userEventRecord, body);
  if (kind === "query") return decodeValue(queryEventRecord, body);
  return decodeValue(memberEventRecord, body);
}

/** What the client makes of the agent's bytes: command and number → errors and bodies. */
function understand(conversation: Conversation, segmentBytes: number): Map<string, unknown[]> {
  const table = new CallTable();
  const heard = new Map<string, unknown[]>();
  const waiting = [...requestsOf(conversation).entries()];
  /** One request under a number at a time: the next is made when the former is answered. */
  const makeNext = (seq: number | bigint): void => {
    const at = waiting.findIndex(([, request]) => request.seq === seq);
    const [next] = at < 0 ? [] : waiting.splice(at, 1);
    if (next === undefined) return;
    const [index, { command }] = next;
    const items: unknown[] = [];
    heard.set(`${index} ${command} ${seq}`, items);
    const codec = isCommandName(command) ? commandCodecs[command].response : null;
    table.expectReply(BigInt(seq), {
      hasBody: codec !== null,
      onReply(error, body) {
        items.push(error);
        if (body !== undefined) items.push(decodeValue(codec as Codec<unknown>, body));
        makeNext(seq);
        if (error !== "" || codec !== null) return;
        table.subscribe(BigInt(seq), {
          onRecord: (record) => items.push(decodeRecord(command, record)),
          onLost: () => {},
        });
      },
      onLost: () => items.push("lost"),
    });
  };
  for (const { seq } of requestsOf(conversation)) {
    if (![...heard.keys()].some((key) => key.endsWith(` ${seq}`))) makeNext(seq);
  }
  const bytes = Buffer.from(conversation.bytes.server, "hex");
  for (let at = 0; at < bytes.length; at += segmentBytes) {
    table.handleBytes(bytes.subarray(at, at + segmentBytes));
  }
  return heard;
}

function recorded(conversation: Conversation): Map<string, unknown[]> {
  const entries = requestsOf(conversation).map(({ command, seq, records }, index) => {
    const items = records.flatMap((record, at) => itemsOf(record, at));
    return [`${index} ${command} ${seq}`, items] as const;
  });
  return new Map(entries);
}

function itemsOf({ header, body }: WireRecord, at: number): unknown[] {
  const bodies = body === undefined ? [] : [normalise(body)];
  return at === 0 ? [header["Error"], ...bodies] : bodies;
}

/** Numbers of 64 bits are bigints whatever their size. */
function normalise(body: object): object {
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [
      key,
      key === "LTime" || key === "ID" ? BigInt(value as number) : (value as unknown),
    ]),
  );
}

describe("CallTable", () => {
  it.each(conversations.map((conversation) => [conversation.name, conversation] as const))(
    "understands the recorded conversation %s",
    (_, conversation) => {
      const expected = recorded(conversation);
      for (let segmentBytes = 1; segmentBytes <= 16; segmentBytes += 1) {
        expect(understand(conversation, segmentBytes)).toEqual(expected);
      }
    },
  );
});
