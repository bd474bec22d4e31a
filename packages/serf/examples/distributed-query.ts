/** Asks all web servers for their load, and says who did not answer. */
import { startSerf, type RunningSerf } from "@x/serf/node";

async function start(name: string, role: string, join: string[]): Promise<RunningSerf> {
  const bind = "127.0.0.1:0";
  const serf = await startSerf({ name, bind, profile: "local", tags: { role }, join });
  void answerQueries(serf);
  return serf;
}

// #region answer
async function answerQueries(serf: RunningSerf): Promise<void> {
  for await (const event of serf.events()) {
    if (event.kind !== "query" || event.name !== "load") continue;
    event.respond(new TextEncoder().encode(process.memoryUsage().rss.toString()));
  }
}
// #endregion

await using asker = await start("asker", "console", []);
const { address, port } = asker.localMember.endpoint;
const seed = [`${address}:${port}`];
await using first = await start("web-1", "web", seed);
await using second = await start("web-2", "web", seed);
await using database = await start("db-1", "db", seed);
console.log([first, second, database].map(({ localMember }) => localMember.name));
while (asker.members.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));

// #region ask
const query = asker.query("load", undefined, {
  filterTags: { role: "^web$" },
  ack: true,
  timeoutMs: 2_000,
});
for await (const answer of query) {
  if (answer.kind === "ack") console.log(`${answer.from} is on it`);
  else console.log(`${answer.from} uses ${new TextDecoder().decode(answer.payload)} bytes`);
}
console.log("missing:", query.missing()); // the loop ended as soon as nobody was
// #endregion
