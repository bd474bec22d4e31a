/** The same members without a network: anything that carries datagrams and streams will do. */
import { startSwim, type RunningSwim } from "@x/swim/node";
import { MemoryTransport, type MemoryNetwork } from "./memory-transport.ts";

const network: MemoryNetwork = new Map();

function start(name: string, port: number): Promise<RunningSwim> {
  const transport = new MemoryTransport(network, { address: "10.0.0.1", port });
  return startSwim({ name, transport, profile: "local" });
}

const ann = await start("ann", 1);
const ben = await start("ben", 2);
const events = ben.events();

console.log("contacted:", await ben.join(["10.0.0.1:1"]));
console.log("round trip:", (await ben.ping("ann")).toFixed(3), "ms");

ann.send("ben", new TextEncoder().encode("hello"));
for await (const event of events) {
  if (event.kind !== "user-message") continue;
  console.log("ben hears:", new TextDecoder().decode(event.payload));
  break;
}

await ben.close();
await ann.close();
