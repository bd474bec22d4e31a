/**
 * A member that knows thousands of others: it answers a join with a state of that many members, and
 * every ping to any of them, so that whoever learned of them finds them alive.
 *
 * The members have addresses of their own in 127.0.0.0/8 and one port, on which one socket listens.
 */
import { createSocket, type Socket } from "node:dgram";
import { createServer, type Server, type Socket as Stream } from "node:net";
import {
  encodeMessage,
  encodeStream,
  sealPacket,
  StreamReader,
  WireState,
  type PushPullNode,
} from "@x/swim/wire";
import { encodeSerfMessage } from "../../../../packages/serf/src/wire/message-codec.ts";
import { encodeTags } from "../../../../packages/serf/src/wire/tag-codec.ts";
import { freePort } from "../../../interop/src/agent-process.ts";
import { messagesIn, plainSettings } from "./raw-wire.ts";

/** What the reference's release speaks: memberlist 1 to 5, Serf 2 to 5. */
const versions = Uint8Array.of(1, 5, 2, 2, 5, 4);

export class CrowdMember {
  readonly address: string;
  /** Joins answered so far. */
  answeredCount = 0;
  readonly #datagrams: Socket;
  readonly #server: Server;
  readonly #state: Uint8Array;

  private constructor(port: number, memberCount: number) {
    this.address = `127.0.0.1:${port}`;
    this.#state = stateOf(memberCount, port);
    this.#datagrams = createSocket("udp4");
    this.#datagrams.on("message", (bytes, { address, port: from }) => {
      this.#answerPings(bytes, address, from);
    });
    this.#server = createServer((stream) => this.#answerJoin(stream));
  }

  /** @param memberCount - how many members it knows, itself included. */
  static async open(memberCount: number): Promise<CrowdMember> {
    const port = await freePort();
    const crowd = new CrowdMember(port, memberCount);
    await new Promise<void>((resolve, reject) => {
      crowd.#server.once("error", reject).listen(port, "0.0.0.0", resolve);
    });
    await new Promise<void>((resolve, reject) => {
      crowd.#datagrams.once("error", reject).bind(port, "0.0.0.0", resolve);
    });
    return crowd;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#datagrams.close(() => resolve()));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #answerPings(bytes: Uint8Array, address: string, port: number): void {
    for (const message of messagesIn(bytes)) {
      if (message.kind !== "ping") continue;
      const { sequenceNumber } = message;
      const ack = encodeMessage({ kind: "ack", sequenceNumber, payload: new Uint8Array(0) });
      const packet = sealPacket([ack], plainSettings, { compress: false, checksum: false });
      this.#datagrams.send(packet, port, address);
    }
  }

  #answerJoin(stream: Stream): void {
    const reader = new StreamReader(plainSettings, "acceptor");
    stream.on("data", (bytes) => {
      reader.push(bytes);
      if (reader.message()?.kind !== "push-pull" || stream.writableEnded) return;
      this.answeredCount += 1;
      stream.end(this.#state);
    });
    // Whoever hangs up has what it wanted, or the measurement fails elsewhere.
    stream.on("error", () => stream.destroy());
  }
}

function stateOf(memberCount: number, port: number): Uint8Array {
  const meta = encodeTags({ role: "web", datacenter: "east", build: "2026.11" }, 5);
  const nodes = Array.from({ length: memberCount }, (_, index): PushPullNode => ({
    name: `crowd-${String(index).padStart(5, "0")}.example`,
    address: Uint8Array.of(127, 1 + (index >> 16), (index >> 8) & 255, index & 255),
    port,
    meta,
    incarnation: 1 + (index % 7),
    state: WireState.alive,
    versions,
  }));
  const userState = encodeSerfMessage({
    kind: "push-pull",
    lamportTime: 100n,
    statusTimes: new Map(nodes.map(({ name }, index) => [name, BigInt(1 + (index % 90))])),
    leftMembers: [],
    eventLamportTime: 10n,
    events: [],
    queryLamportTime: 10n,
  });
  return encodeStream({ kind: "push-pull", isJoin: false, nodes, userState }, plainSettings, {
    role: "acceptor",
    compress: true,
  });
}
