/**
 * Every recorded conversation, with our server in the place of the reference's agent: it gets the
 * recorded client's bytes, turn by turn, over a scripted agent that says what the recorded one
 * said, and must send records equal to the recorded ones.
 *
 * What is compared: per sequence number, the order, headers and bodies of all records, read by a
 * codec that is not ours; and the number of bytes, which is the same though maps may have another
 * order. Not compared: the order between different sequence numbers, which the protocol leaves
 * open. `improvements` lists the conversations where we do better, and how.
 */
import { afterEach, describe, expect, it } from "vitest";
import { startRpcServer } from "../../src/rpc/server/rpc-server.ts";
import type { RpcServer } from "../../src/rpc/server/rpc-server.ts";
import { RawRpcClient } from "../support/raw-rpc-client.ts";
import type { WireRecord } from "../support/raw-rpc-client.ts";
import {
  conversations,
  grouped,
  requestsOf,
  serverValues,
  turnsOf,
} from "../support/recorded-conversations.ts";
import type { Conversation } from "../support/recorded-conversations.ts";
import { expectedCalls, publishRecorded, scriptAgent } from "../support/recorded-agent.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { toRecords } from "../support/raw-rpc-client.ts";
import { until } from "../support/until.ts";

let server: RpcServer | undefined;
afterEach(() => server?.close());

/** What we send instead of what was recorded. Source: RPC specification §8, §11 and §15. */
const improvements: Record<string, (recorded: WireRecord[]) => WireRecord[]> = {
  // An empty list with the reason, where the reference hangs up.
  "members-filtered-bad-regexp": (recorded) => [
    ...recorded,
    {
      header: {
        Seq: 2,
        Error: "Failed to compile regex: error parsing regexp: missing closing ): `^($`",
      },
      body: { Members: [] },
    },
  ],
  // One refusal, where the reference takes the body for another request.
  "auth-missing-with-body": (recorded) => recorded.slice(0, 2),
  "cli-members-auth-missing": (recorded) => recorded.slice(0, 2),
};

/** The reference sends nameless records when a query ends; we do not. */
function isNamed({ body }: WireRecord): boolean {
  return body?.["From"] !== "" || body["Type"] === "done";
}

function bySeq(records: readonly WireRecord[]): Map<unknown, WireRecord[]> {
  return grouped(records, ({ header }) => header["Seq"]);
}

function authKeyOf({ name }: Conversation): string {
  return /auth/.test(name) && name !== "raw-auth-not-needed" ? "s3cret-token" : "";
}

describe("RPC server", () => {
  it.each(conversations.map((conversation) => [conversation.name, conversation] as const))(
    "answers the recorded conversation %s as the reference does",
    async (name, conversation) => {
      const backend = new ScriptedBackend();
      scriptAgent(backend, conversation);
      const authKey = authKeyOf(conversation);
      server = await startRpcServer({ host: "127.0.0.1", port: 0, backend, authKey });
      const client = await RawRpcClient.connect(server.address.port);
      const recordedByReference = toRecords(serverValues(conversation));
      const recorded = recordedByReference.filter(isNamed);
      const expected = (improvements[name] ?? ((records) => records))(recorded);

      const requests = requestsOf(conversation);
      let sentCount = 0;
      for (const turn of turnsOf(conversation)) {
        if (turn.from === "server") continue;
        client.sendBytes(turn.bytes);
        sentCount += 1;
        const request = requests[sentCount - 1];
        const before = client.records.length;
        if (request === undefined || request.records.length === 0) continue;
        await until("a response came", () => client.records.length > before);
        publishRecorded(backend, request);
        await until("the records came", () => {
          const own = bySeq(client.records).get(request.seq)?.length ?? 0;
          const wanted = bySeq(expected).get(request.seq)?.length ?? 0;
          return own >= Math.min(wanted, request.records.filter(isNamed).length);
        });
      }
      await until("everything came", () => client.records.length >= expected.length);
      client.socket.end();
      await client.closed();

      expect(bySeq(client.records)).toEqual(bySeq(expected));
      expect(backend.calls).toEqual(expectedCalls(conversation));
      const isToTheByte =
        improvements[name] === undefined && recorded.length === recordedByReference.length;
      if (isToTheByte) {
        expect(client.receivedBytes).toBe(conversation.bytes.server.length / 2);
      }
    },
  );
});
