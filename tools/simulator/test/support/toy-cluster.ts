import { Simulation, type Endpoint, type SimulationOptions } from "@x/simulator";
import { ScriptedCore, type ToyEvent, type ToyReport } from "./scripted-core.ts";

export type ToyOptions = Partial<SimulationOptions<ScriptedCore, ToyEvent, ToyReport>>;

/** Where the n-th member of a toy cluster lives. */
export function endpointOf(index: number): Endpoint {
  return { address: `10.0.0.${index + 1}`, port: 7946 + index };
}

/** A few scripted members named a, b, c, … */
export class ToyCluster {
  readonly simulation: Simulation<ScriptedCore, ToyEvent, ToyReport>;

  constructor(memberCount: number, options: ToyOptions = {}) {
    this.simulation = new Simulation({ seed: 1, ...options });
    for (let index = 0; index < memberCount; index += 1) {
      this.simulation.addMember(String.fromCharCode(97 + index), new ScriptedCore(), {
        endpoint: endpointOf(index),
        restart: () => new ScriptedCore(),
      });
    }
  }

  core(name: string): ScriptedCore {
    return this.simulation.core(name);
  }

  heard(name: string): readonly string[] {
    return this.core(name).heard;
  }

  /** Sends one datagram from one member to another. */
  send(source: string, target: string, ...bytes: readonly number[]): void {
    this.sendBytes(source, target, Uint8Array.from(bytes));
  }

  sendBytes(source: string, target: string, bytes: Uint8Array): void {
    const endpoint = endpointOf(target.charCodeAt(0) - 97);
    this.simulation.call(source, (core) =>
      core.ask({ kind: "send-datagram", target: endpoint, bytes }),
    );
  }

  /** Dials, as stream 1 unless told otherwise. */
  dial(source: string, target: string, { streamId = 1, timeoutMs = 10_000 } = {}): void {
    const endpoint = endpointOf(target.charCodeAt(0) - 97);
    this.simulation.call(source, (core) =>
      core.ask({ kind: "open-stream", streamId, target: endpoint, timeoutMs }),
    );
  }

  write(source: string, streamId: number, bytes: Uint8Array): void {
    this.simulation.call(source, (core) => core.ask({ kind: "write-stream", streamId, bytes }));
  }

  close(source: string, streamId: number): void {
    this.simulation.call(source, (core) => core.ask({ kind: "close-stream", streamId }));
  }

  reset(source: string, streamId: number): void {
    this.simulation.call(source, (core) => core.ask({ kind: "reset-stream", streamId }));
  }
}
