/** An agent inside a program of one's own: with a script, an RPC door, and its log on the screen. */
import {
  Agent,
  AgentLog,
  type AgentConfig,
  defaultAgentConfig,
  Metrics,
  resolveNetwork,
} from "@x/agent";
import { connectRpc } from "@x/agent/rpc-client";

const config: AgentConfig = {
  ...defaultAgentConfig,
  nodeName: "blue",
  bind: "127.0.0.1:0",
  rpcAddress: "127.0.0.1:0",
  profile: "local",
  eventHandlers: ["query:load=uptime"],
};
const log = new AgentLog({
  level: "INFO",
  format: "text",
  writeTerminal: (text) => process.stdout.write(text),
  now: () => new Date(),
});
log.openGate();

const agent = await Agent.start({
  config,
  network: await resolveNetwork(config),
  log,
  metrics: new Metrics(() => Date.now(), "localhost"),
  onShutdownRequest: () => void agent.close(),
});
await agent.startRpc(config.rpcAuth);

const client = await connectRpc({ address: `127.0.0.1:${agent.rpcPort}` });
for await (const answer of client.query({ name: "load" })) {
  if (answer.kind === "response") {
    console.log(`${answer.from}: ${new TextDecoder().decode(answer.payload).trim()}`);
  }
}
await client.close();
await agent.leave();
await agent.close();
