/** All doors, and how the cases of a campaign are shared among them. */
import { datagramDoor, sealedDatagramDoor, sealedStreamDoor, streamDoor } from "./core-doors.ts";
import type { Door, DoorName } from "./door.ts";
import { configDoor, keyringDoor, snapshotDoor, tagsFileDoor } from "./file-doors.ts";
import { mdnsDoor } from "./mdns-door.ts";
import { rpcAnswerDoor, rpcRequestDoor } from "./rpc-doors.ts";

/** One place bytes come in by. */
export interface DoorPlan {
  readonly make: () => Door;
  /** Of a hundred cases so many. */
  readonly percent: number;
}

/** The more can be said at a door, and by the more people, the more cases it gets. */
export const everyDoor: Readonly<Record<DoorName, DoorPlan>> = {
  datagram: { make: datagramDoor, percent: 20 },
  "sealed-datagram": { make: sealedDatagramDoor, percent: 13 },
  stream: { make: streamDoor, percent: 16 },
  "sealed-stream": { make: sealedStreamDoor, percent: 9 },
  mdns: { make: mdnsDoor, percent: 5 },
  "rpc-request": { make: rpcRequestDoor, percent: 12 },
  "rpc-answer": { make: rpcAnswerDoor, percent: 8 },
  snapshot: { make: snapshotDoor, percent: 6 },
  "tags-file": { make: tagsFileDoor, percent: 3 },
  keyring: { make: keyringDoor, percent: 3 },
  config: { make: configDoor, percent: 5 },
};

export const doorNames: readonly DoorName[] = Object.keys(everyDoor) as DoorName[];

/** How many of so many cases a door gets. */
export function shareOf(door: DoorName, caseCount: number): number {
  return Math.ceil((caseCount * everyDoor[door].percent) / 100);
}
