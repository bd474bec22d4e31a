/**
 * Says what happens in a cluster, through the RPC port of a running agent, ours or HashiCorp's.
 *
 * Run an agent first, and name it if it is not at 127.0.0.1:7373: SERF_RPC_ADDR, SERF_RPC_AUTH.
 */
import { connectRpc } from "@x/agent/rpc-client";

await using client = await connectRpc({
  address: process.env["SERF_RPC_ADDR"] || "127.0.0.1:7373",
  authKey: process.env["SERF_RPC_AUTH"] ?? "",
});

for (const member of await client.members()) {
  console.log(`${member.name} at ${member.address}:${member.port} is ${member.status}`);
}

for await (const event of client.events("member-join,member-failed,user")) {
  if (event.kind === "user") {
    console.log(`${event.name}: ${new TextDecoder().decode(event.payload)}`);
    if (event.name === "enough") break;
  } else if (event.kind !== "query") {
    console.log(`${event.kind}: ${event.members.map(({ name }) => name).join(", ")}`);
  }
}
