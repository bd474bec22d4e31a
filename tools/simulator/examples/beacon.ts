import {
  Simulation,
  type Datagram,
  type Directive,
  type Endpoint,
  type SimulatedCore,
} from "@x/simulator";

/** Says "here" to one other member every second, and remembers when it last heard from it. */
class Beacon implements SimulatedCore<never, never> {
  lastHeardMs = 0;
  #nextMs = 0;
  #outbox: Directive<never, never>[] = [];
  readonly #other: Endpoint;
  constructor(other: Endpoint) {
    this.#other = other;
  }
  handleDatagram(_datagram: Datagram, nowMs: number): void {
    this.lastHeardMs = nowMs;
  }
  handleTimeout(nowMs: number): void {
    this.#nextMs = nowMs + 1_000;
    this.#outbox.push({ kind: "send-datagram", target: this.#other, bytes: Uint8Array.of(1) });
  }
  handleDatagramFailure(): void {}
  handleStream(): void {}
  nextDeadlineMs(): number {
    return this.#nextMs;
  }
  takeDirectives(): Directive<never, never>[] {
    return this.#outbox.splice(0);
  }
}

const [home, away] = [1, 2].map((host) => ({ address: `10.0.0.${host}`, port: 7946 }));
if (home === undefined || away === undefined) throw new Error("two endpoints were listed");

const simulation = new Simulation<Beacon, never, never>({
  seed: 42,
  network: { latency: { kind: "uniform", minMs: 5, maxMs: 20 }, lossRatio: 0.1 },
});
simulation.addMember("ann", new Beacon(away), { endpoint: home });
simulation.addMember("ben", new Beacon(home), { endpoint: away, restart: () => new Beacon(home) });

const isSilent = (): boolean => simulation.nowMs - simulation.core("ann").lastHeardMs > 5_000;

simulation.runFor(10_000);
simulation.partition([["ann"]]).forMs(2_000);
simulation.crash("ben");
console.log("ben is missed after", simulation.runUntil(isSilent, { withinMs: 30_000 }), "ms");
simulation.restart("ben");
console.log(
  "and found after",
  simulation.runUntil(() => !isSilent(), { withinMs: 30_000 }),
  "ms",
);
console.log("the same every time:", simulation.digest());
