/**
 * Lists the members an agent knows, then follows what happens, until interrupted.
 *
 * Usage: watch-cluster [address of an agent's RPC port, 127.0.0.1:7373 unless given]
 */
import { RpcError, connectRpc } from "@x/agent/rpc-client";

const address = process.argv[2] ?? "127.0.0.1:7373";

try {
  await using client = await connectRpc({ address });
  for (const member of await client.members()) {
    console.log(`${member.name} at ${member.address}:${member.port} is ${member.status}`);
  }
  for await (const event of client.events()) {
    if ("members" in event) console.log(event.kind, ...event.members.map(({ name }) => name));
    else console.log(event.kind, event.name, new TextDecoder().decode(event.payload));
  }
} catch (error) {
  if (!(error instanceof RpcError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
