/** Changes the key of a running cluster, in three steps that each member confirms. */
import { randomBytes } from "node:crypto";
import { startSerf, type KeyOutcome } from "@x/serf/node";

const oldKey = randomBytes(32).toString("base64");
const newKey = randomBytes(32).toString("base64");
const common = { bind: "127.0.0.1:0", profile: "lan", encryptKey: oldKey } as const;

await using first = await startSerf({ name: "first", ...common });
const { address, port } = first.localMember.endpoint;
await using second = await startSerf({ name: "second", ...common, join: [`${address}:${port}`] });

// #region rotate
function check(step: string, outcome: KeyOutcome): void {
  if (outcome.error !== undefined) {
    throw new Error(`${step}: ${outcome.error} ${JSON.stringify([...outcome.messages])}`);
  }
  console.log(`${step}: ${outcome.responseCount} of ${outcome.memberCount} members`);
}

check("install", await second.keys.install(newKey)); // everybody can read it
check("use", await second.keys.use(newKey)); // everybody writes with it
check("remove", await second.keys.remove(oldKey)); // nobody reads the old one any more
// #endregion

const { keys } = await first.keys.list();
console.log([...keys.values()]); // [ 2 ]: one key, held by two members
