/** What anybody on the local network says about services: mDNS packets. */
import { decode, encode, type Packet } from "dns-packet";
import { announcedHost, answersToQuery } from "../../../../packages/agent/src/discovery/mdns.ts";
import { isPlausiblePacket } from "../../../../packages/agent/src/discovery/mdns-packet.ts";
import type { Door } from "./door.ts";

const ME = {
  cluster: "clus",
  memberName: "foo",
  hostName: "host",
  advertised: { address: "10.9.9.9", port: 21_000 },
};

/** As the agent with `multicast-dns` does: what cannot be decoded is dropped, the rest is told. */
export function mdnsDoor(): Door {
  return (bytes) => {
    if (!isPlausiblePacket(bytes)) return;
    let packet: Packet;
    try {
      packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    } catch {
      return;
    }
    if (packet.type === "response") {
      announcedHost(packet as Parameters<typeof announcedHost>[0], ME.cluster);
    }
    if (packet.type !== "query") return;
    const answers = answersToQuery(packet as Parameters<typeof answersToQuery>[0], ME);
    if (answers.length > 0) encode({ type: "response", id: 0, answers });
  };
}
