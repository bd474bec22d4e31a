/** What a client sends to an agent, and what an agent, or something in its place, answers. */
import { CallTable } from "../../../../packages/agent/src/rpc/client/call-table.ts";
import { RpcError } from "../../../../packages/agent/src/rpc/client/rpc-error.ts";
import { commandCodecs } from "../../../../packages/agent/src/rpc/command.ts";
import { decodeValue, type Codec } from "../../../../packages/agent/src/rpc/record-codec.ts";
import { AuthGate } from "../../../../packages/agent/src/rpc/server/auth-gate.ts";
import { defaultConnectionLimits } from "../../../../packages/agent/src/rpc/server/connection-limits.ts";
import { MembersBody } from "../../../../packages/agent/src/rpc/server/members-body.ts";
import {
  runRequest,
  startQuery,
  toErrorText,
} from "../../../../packages/agent/src/rpc/server/request-runner.ts";
import { RpcConnection } from "../../../../packages/agent/src/rpc/server/rpc-connection.ts";
import { RpcWireError } from "../../../../packages/agent/src/rpc/wire-error.ts";
import {
  member,
  ScriptedBackend,
} from "../../../../packages/agent/test/support/scripted-backend.ts";
import { allowing, type Door } from "./door.ts";

/** Commands in one input: beyond, a client is one that floods, which is the limits' matter. */
const DIRECTIVES_AN_INPUT = 1_000;

/** A whole session for each input, up to the agent, which is scripted. */
export function rpcRequestDoor(): Door {
  const backend = new ScriptedBackend();
  backend.memberList = [member("m1", { tags: { role: "web" } }), member("m2")];
  const ports = {
    backend,
    membersBody: new MembersBody(backend),
    leave: () => Promise.resolve(),
    droppedRecordCount: () => 0,
  };
  return (bytes, random) => {
    backend.calls.length = 0;
    const connection = new RpcConnection({
      client: "127.0.0.1:50000",
      auth: new AuthGate(random.chance(0.2) ? "secret" : ""),
      limits: defaultConnectionLimits,
      recentLogLines: () => [],
      nowMs: 0,
    });
    if (random.chance(0.8)) connection.handleBytes(HANDSHAKE.slice(), 0);
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + 1 + random.below(400));
      connection.handleBytes(bytes.slice(start, end), 0);
      perform(connection, ports);
      start = end;
    }
    connection.handleEnd();
    perform(connection, ports);
    connection.handleTimeout(60_000);
    perform(connection, ports);
    connection.abandon();
  };
}

function perform(
  connection: RpcConnection,
  ports: Parameters<typeof runRequest>[0] & { readonly backend: ScriptedBackend },
): void {
  for (let count = 0; count < DIRECTIVES_AN_INPUT; count += 1) {
    const directives = connection.takeDirectives();
    if (directives.length === 0) break;
    for (const directive of directives) {
      if (directive.kind === "run") {
        const outcome = runRequest(ports, directive.request);
        if (outcome instanceof Promise) connection.reply(directive.seq, "");
        else connection.reply(directive.seq, outcome.error, outcome.body);
      } else if (directive.kind === "query") {
        try {
          startQuery(ports.backend, directive.request);
          connection.reply(directive.seq, "");
          connection.openQuery(directive.stream);
        } catch (error) {
          connection.forgetQuery(directive.stream);
          connection.reply(directive.seq, toErrorText(error));
        }
      } else if (directive.kind === "respond") {
        connection.reply(directive.seq, "");
      }
    }
    while (connection.takeFrame(0) !== undefined);
    connection.advance(0);
  }
}

/** `{"Command": "handshake", "Seq": 1}` and `{"Version": 1}`. */
const HANDSHAKE = Uint8Array.from(
  Buffer.from("82a7436f6d6d616e64a968616e647368616b65a35365710181a756657273696f6e01", "hex"),
);

/** A client that waits for the answer to every command and reads it. */
export function rpcAnswerDoor(): Door {
  const codecs = Object.values(commandCodecs).map(({ response }) => response as Codec<unknown>);
  return (bytes, random) => {
    const table = new CallTable();
    for (let turn = 0; turn < 40; turn += 1) {
      const codec = codecs[turn % codecs.length] ?? null;
      table.expectReply(BigInt(turn), {
        hasBody: codec !== null,
        onReply: (_error, body) => {
          if (codec !== null && body !== undefined) decodeValue(codec, body);
        },
        onLost: () => {},
      });
    }
    allowing([RpcWireError], () => {
      for (let start = 0; start < bytes.length;) {
        const end = Math.min(bytes.length, start + 1 + random.below(400));
        table.handleBytes(bytes.slice(start, end));
        start = end;
      }
    });
    table.close(new RpcError("client-closed", "client closed"), { wasWanted: false });
  };
}
