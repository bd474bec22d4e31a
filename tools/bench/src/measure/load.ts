/** One agent under load from RPC and UDP. */
import { createSocket } from "node:dgram";
import { AgentProcess, until } from "../../../interop/src/agent-process.ts";
import { cpuMs } from "../process-figures.ts";
import { patienceMs, type Figures, type Measurement } from "./measurement.ts";
import { eventRequest, RawRpc } from "./raw-rpc.ts";
import { pingPacket, settingsFor } from "./raw-wire.ts";

export const load: Measurement = {
  name: "load",
  runs: 3,
  async measure(program, flags) {
    const agent = await AgentProcess.start(program, {
      node: "one",
      flags: ["-log-level=WARN", ...flags],
    });
    try {
      const events = await acceptEvents(agent);
      const pings = await answerPings(agent, flags);
      return { ...events, ...pings };
    } finally {
      await agent.kill();
    }
  },
};

/** So many that the first ones, which meet code that was just loaded, do not decide. */
async function acceptEvents(agent: AgentProcess): Promise<Figures> {
  const count = 100_000;
  const inFlight = 500;
  const rpc = await RawRpc.connect(agent.rpcPort);
  const answerBytes = await rpc.answerBytes(eventRequest("first"));
  const requests = Array.from({ length: count }, (_, index) => eventRequest(`e${index}`));
  const cpuBefore = cpuMs(agent.pid);
  const rate = await rpc.rate(requests, answerBytes, inFlight);
  rpc.close();
  return {
    "events accepted per second": [rate],
    "CPU per 10,000 events accepted, ms": [((cpuMs(agent.pid) - cpuBefore) * 10_000) / count],
  };
}

/** Raw pings, acks counted. */
async function answerPings(agent: AgentProcess, flags: readonly string[]): Promise<Figures> {
  const count = 20_000;
  const window = 64;
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const settings = settingsFor(flags);
  // Made beforehand: what the asker does costs the answerer a processor.
  const pings = Array.from({ length: count }, (_, index) =>
    pingPacket(agent.node, index + 1, settings),
  );
  let sent = 0;
  let answered = 0;
  const send = (): void => {
    const ping = pings[sent];
    if (ping !== undefined) socket.send(ping, agent.bindPort, "127.0.0.1");
    sent += 1;
  };
  const cpuBefore = cpuMs(agent.pid);
  const startMs = performance.now();
  socket.on("message", () => {
    answered += 1;
    if (sent < count) send();
  });
  for (let index = 0; index < window; index += 1) send();
  await until("all pings are answered", () => answered >= count - window, patienceMs);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpu = cpuMs(agent.pid) - cpuBefore;
  socket.close();
  return {
    "pings answered per second": [answered / seconds],
    "CPU per 10,000 pings, ms": [(cpu * 10_000) / answered],
  };
}
