/** Tells every member of a cluster to deploy, and watches them hear it. */
// #region first-program
import { startSerf } from "@x/serf/node";

await using blue = await startSerf({
  name: "blue",
  bind: "127.0.0.1:0",
  profile: "local",
  tags: { role: "web" },
});
await using green = await startSerf({ name: "green", bind: "127.0.0.1:0", profile: "local" });

const events = green.events();
const { address, port } = blue.localMember.endpoint;
await green.join([`${address}:${port}`]);
blue.userEvent("deploy", new TextEncoder().encode("v1.2.3"));

for await (const event of events) {
  if (event.kind !== "user") continue;
  console.log(`${event.name} ${new TextDecoder().decode(event.payload)}`); // deploy v1.2.3
  break;
}
// #endregion
