/**
 * Says why a member could not be started in the words operators know.
 *
 * Source: agent specification §2 (after `Starting Serf agent...`).
 */
import { SerfError } from "@x/serf";
import { SwimError } from "@x/swim";
import type { ResolvedAddress } from "./agent-network.ts";
import { errnoText } from "./config/config-file.ts";
import { joinHostPort } from "./config/host-port.ts";

const memberlist = "Failed to create memberlist: ";

/** @param error - what `startSerf` rejected with. */
export function startFault(
  error: unknown,
  context: { readonly bind: ResolvedAddress; readonly snapshotPath: string },
): string {
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  if (path !== undefined && path === context.snapshotPath) {
    return `Failed to setup snapshot: failed to open snapshot: open ${path}: ${errnoText(error)}`;
  }
  if (syscall === "bind" || syscall === "listen" || code === "EADDRINUSE") {
    const { address, port } = context.bind;
    return (
      `${memberlist}Could not set up network transport: failed to obtain an address: ` +
      `Failed to start TCP listener on "${address}" port ${port}: ` +
      `listen tcp ${joinHostPort(address, port)}: bind: ${errnoText(error)}`
    );
  }
  if (error instanceof SwimError && error.code === "no-private-address") {
    return `${memberlist}Failed to get final advertise address: No private IP address found, and explicit IP not provided`;
  }
  if ((error as Error).name === "KeyringError") {
    return `${memberlist}key size must be 16, 24 or 32 bytes`;
  }
  if (error instanceof SerfError && error.code === "invalid-base64") return message;
  return message;
}
