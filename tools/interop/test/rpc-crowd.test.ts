/**
 * Our agent with 200 RPC clients, every second of which never reads again once its stream is
 * granted, while 10,000 events pass: its memory keeps a bound, and it answers the others.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connectRpc } from "@x/agent/rpc-client";
import { expect, it } from "vitest";
import { AgentGroup, until } from "../src/agent-process.ts";
import { ourProgram } from "../src/programs.ts";

const clientCount = 200;
const eventCount = 10_000;
const payloadBytes = 400;
/** What the agent may take, resident. */
const residentLimitBytes = 256 * 1024 * 1024;
/** What the agent may grow by, resident, over what it takes with the crowd connected. */
const growthLimitBytes = 160 * 1024 * 1024;
/** Longest an answer may take meanwhile, on a machine that is busy with the crowd itself. */
const answerLimitMs = 5_000;
/** Events under way in the sender's connection. */
const sendWindow = 50;

/** The responses to the handshake and to the stream. */
const greetingBytes = 26;

/** MessagePack of `{Command, Seq}`, and of a body with one field. */
function command(name: string, seq: number): Buffer {
  return Buffer.concat([Buffer.of(0x82), text("Command"), text(name), text("Seq"), Buffer.of(seq)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(0xa0 | bytes.length), bytes]);
}

/** A client that counts what it reads, since to decode millions of records would measure itself. */
class CrowdClient {
  readonly #socket: Socket;
  readonly #isDeaf: boolean;
  readBytes = 0;
  isClosed = false;

  constructor(port: number, isDeaf: boolean) {
    this.#isDeaf = isDeaf;
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
    this.#socket.on("data", (chunk) => {
      this.readBytes += chunk.length;
      if (this.#isDeaf && this.isGranted) this.#socket.pause();
    });
    this.#socket.write(
      Buffer.concat([
        command("handshake", 1),
        Buffer.of(0x81),
        text("Version"),
        Buffer.of(1),
        command("stream", 2),
        Buffer.of(0x81),
        text("Type"),
        text("*"),
      ]),
    );
  }

  get isGranted(): boolean {
    return this.readBytes >= greetingBytes;
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** Resident memory of a process; Linux tells it in a file. */
function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1]) * 1024;
}

it.skipIf(process.platform !== "linux")(
  "200 clients, half of them never reading, cost an agent bounded memory and nobody else the answers",
  async () => {
    const group = new AgentGroup();
    const crowd: CrowdClient[] = [];
    try {
      const agent = await group.start(ourProgram(), { node: "served" });
      for (let index = 0; index < clientCount; index += 1) {
        crowd.push(new CrowdClient(agent.rpcPort, index % 2 === 1));
      }
      await until("every stream is granted", () => crowd.every((client) => client.isGranted));
      const beforeBytes = residentBytes(agent.pid);
      await using sender = await connectRpc({ address: agent.rpc });
      await using asker = await connectRpc({ address: agent.rpc });
      let highestBytes = beforeBytes;
      let slowestMs = 0;
      let sentCount = 0;

      const payload = new Uint8Array(payloadBytes).fill(120);
      const sendAll = async (): Promise<void> => {
        while (sentCount < eventCount) {
          sentCount += 1;
          await sender.userEvent(`e${sentCount}`, payload);
        }
      };
      let isDone = false;
      const askAll = async (): Promise<void> => {
        while (!isDone) {
          const startedMs = performance.now();
          const members = await asker.members();
          slowestMs = Math.max(slowestMs, performance.now() - startedMs);
          expect(members).toHaveLength(1);
          highestBytes = Math.max(highestBytes, residentBytes(agent.pid));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      };
      const asking = askAll();
      await Promise.all(Array.from({ length: sendWindow }, sendAll)).finally(() => {
        isDone = true;
      });
      await asking;

      const growthMiB = Math.ceil((highestBytes - beforeBytes) / 1024 / 1024);
      const figures = `${Math.ceil(beforeBytes / 1024 / 1024)} MiB before, ${growthMiB} MiB more at most, slowest answer ${Math.ceil(slowestMs)} ms`;
      console.log(`rpc-crowd: ${figures}`);
      expect(highestBytes - beforeBytes).toBeLessThan(growthLimitBytes);
      expect(highestBytes).toBeLessThan(residentLimitBytes);
      expect(slowestMs).toBeLessThan(answerLimitMs);
      // Those that read are served: each gets far more than a queue holds.
      const readers = crowd.filter((_, index) => index % 2 === 0);
      await until("the readers have been sent plenty", () =>
        readers.every((client) => client.readBytes > 512 * payloadBytes),
      );
      await using late = await connectRpc({ address: agent.rpc });
      expect(await late.members()).toHaveLength(1);
      expect(agent.exitCode).toBeUndefined();
    } finally {
      for (const client of crowd) client.end();
      await group.close();
    }
  },
  180_000,
);
