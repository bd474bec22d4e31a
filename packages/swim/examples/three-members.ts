/** Three members in one process: one crashes, one leaves, and the third can tell the difference. */
import { startSwim } from "@x/swim/node";

const ann = await startSwim({ name: "ann", bind: "127.0.0.1:0", profile: "local" });
const ben = await startSwim({ name: "ben", bind: "127.0.0.1:0", profile: "local" });
const eve = await startSwim({ name: "eve", bind: "127.0.0.1:0", profile: "local" });

const seed = `127.0.0.1:${ann.localEndpoint.port}`;
await ben.join([seed]);
await eve.join([seed]);

const events = ann.events();
await eve.close(); // No goodbye: as the others see it, a crash.

for await (const event of events) {
  console.log(event.kind, "member" in event ? event.member.name : "");
  if (event.kind !== "member-left") continue;
  console.log(`${event.member.name} is ${event.member.state}`);
  if (event.member.state === "left") break;
  await ben.leave(); // A goodbye.
}

console.log("still here:", ann.members.map(({ name }) => name).join(", "));
await ben.close();
await ann.close();
