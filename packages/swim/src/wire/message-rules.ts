/**
 * What a well-formed message must hold, beyond what the reference's codec demands.
 *
 * None of these rules refuses what a normally configured reference member sends; each closes a
 * door to harm: a name nobody can be pinged by, an address that makes us a packet cannon, a
 * version list that would be half read. Policy (which addresses, which protocol versions) is not
 * decided here.
 *
 * Source: wire specification §13, the checks a careful implementation adds.
 */
import { WireError } from "./errors.ts";
import { isMemberAddress } from "./ip.ts";
import {
  WireState,
  type AliveMessage,
  type DatagramMessage,
  type PushPullNode,
} from "./message.ts";
import { nameByteLength } from "./utf8.ts";
import type { WireLimits } from "./wire-limits.ts";

/** Entries of a version list that mean something; more are ignored. Source: wire specification §10.6. */
const versionCount = 6;

/**
 * Refuses a message no well-behaved member sends.
 *
 * @throws {WireError} `invalid-field`, or `too-large` for a name or metadata above its limit.
 */
export function checkMessage(message: DatagramMessage, limits: WireLimits): void {
  switch (message.kind) {
    case "alive":
      checkAlive(message, limits);
      return;
    case "suspect":
    case "dead":
      checkName(message.node, limits);
      checkNameLength(message.from, limits);
      return;
    case "indirect-ping":
      if (!isMemberAddress(message.target))
        throw invalid("a ping is asked for at no member's address");
      checkNameLength(message.node, limits);
      checkNameLength(message.sourceNode ?? "", limits);
      return;
    case "ping":
      checkNameLength(message.node, limits);
      checkNameLength(message.sourceNode ?? "", limits);
      return;
    case "ack":
    case "nack":
    case "user":
      return;
  }
}

/**
 * Refuses a push-pull record no well-behaved member sends. Its neighbours are not concerned.
 *
 * @throws {WireError} as `checkMessage`.
 */
export function checkPushPullNode(node: PushPullNode, limits: WireLimits): void {
  checkName(node.name, limits);
  if (!isMemberAddress(node.address))
    throw invalid("a member claims an address no member can have");
  checkMetaLength(node.meta, limits);
  checkVersions(node.versions);
  if (node.state < WireState.alive || node.state > WireState.left) {
    throw invalid("a member is in none of the four states");
  }
  if (node.state === WireState.alive) checkIncarnation(node.incarnation);
}

function checkAlive(message: AliveMessage, limits: WireLimits): void {
  checkName(message.node, limits);
  if (!isMemberAddress(message.address)) {
    throw invalid("a member claims an address no member can have");
  }
  checkMetaLength(message.meta, limits);
  checkVersions(message.versions);
  checkIncarnation(message.incarnation);
}

/** Members start at 1: a claim of 0 beats nothing anyone can know, so it is no news but noise. */
function checkIncarnation(incarnation: number): void {
  if (incarnation === 0) throw invalid("a member claims to be alive before it was born");
}

function checkName(name: string, limits: WireLimits): void {
  if (name === "") throw invalid("a member has no name");
  checkNameLength(name, limits);
}

function checkNameLength(name: string, limits: WireLimits): void {
  // A UTF-16 unit is at most three bytes, so short names need no counting.
  if (name.length * 3 > limits.nameBytes && nameByteLength(name) > limits.nameBytes) {
    throw new WireError("too-large", `a name has more than ${limits.nameBytes} bytes`);
  }
}

function checkMetaLength(meta: Uint8Array, limits: WireLimits): void {
  if (meta.length > limits.metaBytes) {
    throw new WireError("too-large", `metadata has more than ${limits.metaBytes} bytes`);
  }
}

function checkVersions(versions: Uint8Array): void {
  if (versions.length === 0) return;
  if (versions.length < versionCount) throw invalid("a version list has fewer than six entries");
  const [min = 0, max = 0, current = 0] = versions;
  if (min > current || current > max)
    throw invalid("a member speaks a version it does not understand");
}

function invalid(message: string): WireError {
  return new WireError("invalid-field", message);
}
