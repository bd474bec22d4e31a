/** Everything that is measured, in the order of the table. */
import { runCommand } from "../../interop/src/agent-process.ts";
import type { Program } from "../../interop/src/programs.ts";
import { beside } from "./measure/beside-node.ts";
import { carried } from "./measure/carried.ts";
import { crash } from "./measure/crash.ts";
import { knownMembers } from "./measure/known-members.ts";
import { leave } from "./measure/leave.ts";
import { load } from "./measure/load.ts";
import { encrypted, type Measurement } from "./measure/measurement.ts";
import { memberCalls } from "./measure/member-calls.ts";
import { joined } from "./measure/joined.ts";
import { joinCrowd, joinStorm } from "./measure/one-process.ts";
import { oneFile } from "./measure/one-file.ts";
import { spread } from "./measure/spread.ts";
import { start } from "./measure/start.ts";
import { upkeep } from "./measure/upkeep.ts";

const spread16 = spread({ memberCount: 16, events: 60, queries: 60, tagUpdates: 12 });
const spread40 = spread({ memberCount: 40, events: 50, queries: 60, tagUpdates: 10 });
const plain: readonly Measurement[] = [
  joined(16),
  spread16,
  joined(40),
  spread40,
  leave,
  crash("lan"),
  crash("local"),
  carried,
  joinCrowd,
  joinStorm,
  start,
  load,
  memberCalls,
  upkeep(16),
  upkeep(40),
  knownMembers,
];

export const measurements: readonly Measurement[] = [
  ...plain,
  encrypted(joined(16)),
  encrypted(spread16),
  encrypted(leave, 2),
  encrypted(crash("lan"), 2),
  encrypted(carried),
  encrypted(start),
  encrypted(load),
  encrypted(upkeep(16)),
  beside,
  oneFile,
];

/** Whether our own command line works on this program at all, before hours are spent. */
export async function checkProgram(program: Program): Promise<void> {
  const { exitCode } = await runCommand(program, ["version"]);
  if (exitCode !== 0) throw new Error(`${program.executable} does not run`);
}
