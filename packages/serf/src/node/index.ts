/**
 * A member of a Serf cluster on real sockets and files.
 *
 * Most programs need `startSerf` only. Read `running-serf.ts` (what it returns), `start-serf.ts`,
 * `live-serf.ts`; the files a member keeps are in `open-snapshot.ts`, `snapshot-file.ts` and `keyring-file.ts`.
 *
 * @packageDocumentation
 */
export { startSerf, type SnapshotRecoveryReport, type StartSerfOptions } from "./start-serf.ts";
export type {
  Cancellable,
  JoinOptions,
  KeyManager,
  KeyOutcome,
  QueryAnswer,
  QueryOptions,
  RunningQuery,
  RunningSerf,
} from "./running-serf.ts";
export {
  KeyringFileError,
  keyringFileText,
  parseKeyringFile,
  readKeyringFile,
  writeKeyringFile,
  type KeyringFileErrorCode,
} from "./keyring-file.ts";
export { openSnapshot } from "./open-snapshot.ts";
export {
  SnapshotFile,
  type SnapshotClock,
  type SnapshotFileOptions,
  type SnapshotReport,
} from "./snapshot-file.ts";
