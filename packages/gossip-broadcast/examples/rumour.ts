import { TransmitLimitedQueue } from "@x/gossip-broadcast";

const members = ["ann", "ben", "eve"];
const news = new TransmitLimitedQueue({
  retransmitMultiplier: 2,
  memberCount: () => members.length,
});

news.enqueue({ key: "door", payload: new TextEncoder().encode("the door is open") });
news.enqueue({
  key: "door", // newer news about the same thing takes the place of the older
  payload: new TextEncoder().encode("the door is shut"),
  finished: (reason) => console.log(`no longer told: ${reason}`),
});

for (const member of members) {
  const packet = news.take(2, 1400); // at most 1400 bytes, 2 of overhead for each rumour
  console.log(
    member,
    packet.map((payload) => new TextDecoder().decode(payload)),
  );
}
