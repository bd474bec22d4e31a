/**
 * Shows the events and the log of an agent as they come. Source: CLI specification §5.13.
 */
import { type RpcClient, RpcError, type RpcEvent, type RpcMember } from "@x/agent/rpc-client";
import { connectionFlags, errorText, fail, withAgent } from "../agent-connection.ts";
import { booleanFlag, type Command, type Invocation, textFlag } from "../command.ts";
import { type GoValue, goSyntax } from "../format/go-syntax.ts";
import { formatJson } from "../format/json.ts";
import { decodeText } from "../format/text-bytes.ts";

const queueLimit = 1024;

/** `serf monitor`. */
export const monitorCommand: Command = {
  name: "monitor",
  usageWords: "[options]",
  description: "Shows the agent's last log lines, and then its log and its events as they come.",
  flags: [
    {
      name: "log-level",
      kind: "text",
      placeholder: "level",
      help: "Least level to show.",
      shownDefault: "INFO",
      choices: ["TRACE", "DEBUG", "INFO", "WARN", "ERR"],
    },
    {
      name: "format",
      kind: "text",
      placeholder: "format",
      help: "Events and lines for people, or one JSON object per line.",
      shownDefault: "text",
      choices: ["text", "json"],
    },
    { name: "no-events", kind: "boolean", help: "Only the log." },
    ...connectionFlags,
  ],
  run: (invocation) => withAgent(invocation, (client) => watch(client, invocation)),
};

async function watch(client: RpcClient, { terminal, flags }: Invocation): Promise<number> {
  const level = textFlag(flags, "log-level") || "INFO";
  const format = textFlag(flags, "format") || "text";
  if (format !== "text" && format !== "json") return fail(terminal, `Invalid format: ${format}`);
  const isJson = format === "json";
  const options = { signal: terminal.interrupt, bufferLimit: queueLimit };
  const wantsEvents = !booleanFlag(flags, "no-events");
  try {
    const events = wantsEvents ? client.events("*", options) : undefined;
    await events?.ready.catch((error: unknown) => {
      throw new Error(`Error starting stream: ${errorText(error)}`, { cause: error });
    });
    const lines = client.monitor(level, options);
    await lines.ready.catch((error: unknown) => {
      throw new Error(`Error starting monitor: ${errorText(error)}`, { cause: error });
    });
    const showEvents = async (): Promise<void> => {
      if (events === undefined) return;
      for await (const event of events) {
        terminal.writeOut(isJson ? `${eventJson(event)}\n` : eventText(event));
      }
    };
    const showLines = async (): Promise<void> => {
      for await (const line of lines) {
        terminal.writeOut(isJson ? `${formatLine({ log: line })}\n` : `${line}\n`);
      }
    };
    await Promise.all([showEvents(), showLines()]);
  } catch (error) {
    if (terminal.interrupt.aborted) return 0;
    const isLost = error instanceof RpcError && error.code !== "remote";
    if (!isLost) return fail(terminal, errorText(error));
  }
  if (terminal.interrupt.aborted) return 0;
  return fail(
    terminal,
    "\nRemote side ended the monitor! This usually means that the\n" +
      "remote side has exited or crashed.",
  );
}

function goMember(member: RpcMember): GoValue {
  const { versions } = member;
  return {
    Addr: member.addressBytes,
    DelegateCur: versions.delegateCurrent,
    DelegateMax: versions.delegateMax,
    DelegateMin: versions.delegateMin,
    Name: member.name,
    Port: member.port,
    ProtocolCur: versions.protocolCurrent,
    ProtocolMax: versions.protocolMax,
    ProtocolMin: versions.protocolMin,
    Status: member.status,
    Tags: member.tags,
  };
}

function goEvent(event: RpcEvent): Readonly<Record<string, GoValue>> {
  if (event.kind === "user") {
    const { coalesce, kind, lamportTime, name } = event;
    const Payload = goPayload(event.payload);
    return { Coalesce: coalesce, Event: kind, LTime: lamportTime, Name: name, Payload };
  }
  if (event.kind === "query") {
    const { id, kind, lamportTime, name } = event;
    const Payload = goPayload(event.payload);
    return { Event: kind, ID: id, LTime: lamportTime, Name: name, Payload };
  }
  return { Event: event.kind, Members: event.members.map(goMember) };
}

/** The agents of either implementation say "none" for an empty payload. */
function goPayload(payload: Uint8Array): GoValue {
  return payload.length === 0 ? null : payload;
}

function eventText(event: RpcEvent): string {
  const lines = Object.entries(goEvent(event)).map(
    ([key, value]) => `\t${key}: ${goSyntax(value)}\n`,
  );
  return `Event Info:\n${lines.join("")}`;
}

/** One object on one line, so that a reader can split at newlines. */
function formatLine(value: Parameters<typeof formatJson>[0]): string {
  return formatJson(value).replaceAll(/\n\s*/g, "");
}

function eventJson(event: RpcEvent): string {
  if (event.kind === "user" || event.kind === "query") {
    return formatLine({
      event: event.kind,
      name: event.name,
      ltime: String(event.lamportTime),
      payload: decodeText(event.payload),
    });
  }
  const members = event.members.map(({ name, address, port, status, tags }) => {
    return { name, addr: address, port, status, tags };
  });
  return formatLine({ event: event.kind, members });
}
