/**
 * What a script reads on standard input.
 *
 * Source: agent specification §6.
 */
import type { SerfEvent } from "@x/serf";
import { encodeName } from "@x/swim/wire";

/** Tabs and newlines separate fields and lines, so inside a field they are written `\t` and `\n`. */
function escapeField(text: string): string {
  return text.replaceAll("\t", "\\t").replaceAll("\n", "\\n");
}

function memberLine(member: {
  readonly name: string;
  readonly endpoint: { readonly address: string };
  readonly tags: Readonly<Record<string, string>>;
}): string {
  const tags = Object.keys(member.tags)
    .sort()
    .map((name) => `${name}=${member.tags[name] ?? ""}`)
    .join(",");
  const fields = [member.name, member.endpoint.address, member.tags["role"] ?? "", tags];
  return `${fields.map(escapeField).join("\t")}\n`;
}

/**
 * Members: one line each, `name TAB address TAB role TAB k=v,k=v`. User events and queries: the
 * payload, with a newline added if it is not empty and does not end in one.
 */
export function scriptInput(event: SerfEvent): Uint8Array {
  if (event.kind === "user" || event.kind === "query") {
    const { payload } = event;
    if (payload.length === 0 || payload.at(-1) === 0x0a) return payload;
    const line = new Uint8Array(payload.length + 1);
    line.set(payload);
    line[payload.length] = 0x0a;
    return line;
  }
  return encodeName(event.members.map(memberLine).join(""));
}
