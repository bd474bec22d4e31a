/**
 * The commands that talk to an agent, and the few that need none.
 *
 * Each is loaded only when it is asked for: a script that calls `serf` a thousand times pays for
 * one command a thousand times, not for all.
 */
import type { Command } from "./command.ts";

/** What the overview shows of a command, and where the rest is. */
export interface CommandEntry {
  readonly name: string;
  /** One line for the overview; absent = not listed there. */
  readonly synopsis?: string;
  /** Loads the command itself. */
  readonly load: () => Promise<Command>;
}

/** In the order of the overview. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: "event",
    synopsis: "Send a custom event through the Serf cluster",
    load: async () => (await import("./commands/event.ts")).eventCommand,
  },
  {
    name: "force-leave",
    synopsis: 'Forces a member of the cluster to enter the "left" state',
    load: async () => (await import("./commands/force-leave.ts")).forceLeaveCommand,
  },
  {
    name: "info",
    synopsis: "Provides debugging information for operators",
    load: async () => (await import("./commands/info.ts")).infoCommand,
  },
  {
    name: "join",
    synopsis: "Tell Serf agent to join cluster",
    load: async () => (await import("./commands/join.ts")).joinCommand,
  },
  {
    name: "keygen",
    synopsis: "Generates a new encryption key",
    load: async () => (await import("./commands/keygen.ts")).keygenCommand,
  },
  {
    name: "keys",
    synopsis: "Manipulate the internal encryption keyring used by Serf",
    load: async () => (await import("./commands/keys.ts")).keysCommand,
  },
  {
    name: "leave",
    synopsis: "Gracefully leaves the Serf cluster and shuts down",
    load: async () => (await import("./commands/leave.ts")).leaveCommand,
  },
  {
    name: "members",
    synopsis: "Lists the members of a Serf cluster",
    load: async () => (await import("./commands/members.ts")).membersCommand,
  },
  {
    name: "monitor",
    synopsis: "Stream logs from a Serf agent",
    load: async () => (await import("./commands/monitor.ts")).monitorCommand,
  },
  {
    name: "query",
    synopsis: "Send a query to the Serf cluster",
    load: async () => (await import("./commands/query.ts")).queryCommand,
  },
  {
    name: "reachability",
    synopsis: "Test network reachability",
    load: async () => (await import("./commands/reachability.ts")).reachabilityCommand,
  },
  {
    name: "rtt",
    synopsis: "Estimates network round trip time between nodes",
    load: async () => (await import("./commands/rtt.ts")).rttCommand,
  },
  {
    name: "tags",
    synopsis: "Modify tags of a running Serf agent",
    load: async () => (await import("./commands/tags.ts")).tagsCommand,
  },
  {
    name: "version",
    synopsis: "Prints the Serf version",
    load: async () => (await import("./commands/version.ts")).versionCommand,
  },
];
