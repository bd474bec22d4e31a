/**
 * The environment variables a script finds.
 *
 * Source: agent specification §6.
 */
import type { Member, SerfEvent } from "@x/serf";

/** Programs cannot receive a NUL in a variable: it would end the value there. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "");
}

/** `SERF_TAG_MY_TAG_X` for the tag `my-tag.x`. */
export function tagVariable(name: string): string {
  return `SERF_TAG_${name.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_")}`;
}

/**
 * Only the variables added; the script inherits the agent's environment besides.
 *
 * `SERF_SELF_IP` and `SERF_SELF_PORT` are additions of ours.
 *
 * @param self - this member as it is now.
 */
export function scriptEnvironment(event: SerfEvent, self: Member): Record<string, string> {
  const variables: Record<string, string> = {
    SERF_EVENT: event.kind,
    SERF_SELF_NAME: withoutNul(self.name),
    SERF_SELF_ROLE: withoutNul(self.tags["role"] ?? ""),
    SERF_SELF_IP: self.endpoint.address,
    SERF_SELF_PORT: String(self.endpoint.port),
  };
  for (const name of Object.keys(self.tags).sort()) {
    variables[tagVariable(name)] = withoutNul(self.tags[name] ?? "");
  }
  if (event.kind === "user") {
    variables["SERF_USER_EVENT"] = withoutNul(event.name);
    variables["SERF_USER_LTIME"] = String(event.lamportTime);
  } else if (event.kind === "query") {
    variables["SERF_QUERY_NAME"] = withoutNul(event.name);
    variables["SERF_QUERY_LTIME"] = String(event.lamportTime);
  }
  return variables;
}
