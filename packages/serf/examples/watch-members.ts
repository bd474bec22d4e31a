/** Watches members come, change, leave and fail. */
import { startSerf } from "@x/serf/node";

await using watcher = await startSerf({ name: "watcher", bind: "127.0.0.1:0", profile: "local" });
const { address, port } = watcher.localMember.endpoint;
const join = [`${address}:${port}`];

// #region watch
async function watch(): Promise<void> {
  for await (const event of watcher.events()) {
    if (event.kind === "overflow") console.log(`missed ${event.droppedCount} events`);
    if (!("members" in event)) continue;
    for (const member of event.members) {
      console.log(event.kind, member.name, member.status, { ...member.tags });
      if (event.kind === "member-leave" && member.name === "worker") return;
    }
  }
}
// #endregion
const watching = watch();

await using worker = await startSerf({
  name: "worker",
  bind: "127.0.0.1:0",
  profile: "local",
  tags: { role: "worker" },
  join,
});
await worker.setTags({ role: "worker", state: "busy" });
await worker.leave();
await watching;
