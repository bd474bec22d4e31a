/**
 * The commands that talk to an agent, and the few that need none.
 */
import type { Command } from "./command.ts";
import { eventCommand } from "./commands/event.ts";
import { forceLeaveCommand } from "./commands/force-leave.ts";
import { infoCommand } from "./commands/info.ts";
import { joinCommand } from "./commands/join.ts";
import { keygenCommand } from "./commands/keygen.ts";
import { keysCommand } from "./commands/keys.ts";
import { leaveCommand } from "./commands/leave.ts";
import { membersCommand } from "./commands/members.ts";
import { monitorCommand } from "./commands/monitor.ts";
import { queryCommand } from "./commands/query.ts";
import { reachabilityCommand } from "./commands/reachability.ts";
import { rttCommand } from "./commands/rtt.ts";
import { tagsCommand } from "./commands/tags.ts";
import { versionCommand } from "./commands/version.ts";

export const commandTable: readonly Command[] = [
  eventCommand,
  forceLeaveCommand,
  infoCommand,
  joinCommand,
  keygenCommand,
  keysCommand,
  leaveCommand,
  membersCommand,
  monitorCommand,
  queryCommand,
  reachabilityCommand,
  rttCommand,
  tagsCommand,
  versionCommand,
];
