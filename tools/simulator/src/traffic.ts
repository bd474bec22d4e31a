/** What went over the network, counted. */

/** Why a datagram did not reach a core. */
export type DropReason =
  /** Chance, or a partition. */
  | "lost"
  /** Longer than the path allows. */
  | "too-large"
  /** Nobody at that address and port. */
  | "no-listener"
  /** The sender's link was too busy. */
  | "link-full"
  /** The receiver did not read fast enough. */
  | "buffer-full"
  /** The receiver crashed before it read it. */
  | "crashed";

/** Counters of one member, or of all together. */
export class Traffic {
  datagramsSent = 0;
  datagramBytesSent = 0;
  datagramsReceived = 0;
  datagramBytesReceived = 0;
  streamsDialled = 0;
  streamsAccepted = 0;
  streamBytesSent = 0;
  streamBytesReceived = 0;
  /** Times a core was called. */
  steps = 0;
  /** Datagrams this member sent that reached nobody, by reason. */
  readonly dropped: Record<DropReason, number> = {
    lost: 0,
    "too-large": 0,
    "no-listener": 0,
    "link-full": 0,
    "buffer-full": 0,
    crashed: 0,
  };

  /** Adds another's counts to these. */
  add(other: Traffic): this {
    this.datagramsSent += other.datagramsSent;
    this.datagramBytesSent += other.datagramBytesSent;
    this.datagramsReceived += other.datagramsReceived;
    this.datagramBytesReceived += other.datagramBytesReceived;
    this.streamsDialled += other.streamsDialled;
    this.streamsAccepted += other.streamsAccepted;
    this.streamBytesSent += other.streamBytesSent;
    this.streamBytesReceived += other.streamBytesReceived;
    this.steps += other.steps;
    for (const reason of Object.keys(this.dropped) as DropReason[]) {
      this.dropped[reason] += other.dropped[reason];
    }
    return this;
  }
}
