/**
 * Real `serf` processes on loopback, started, talked to and ended by tests.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import type { Program } from "./programs.ts";

const pollMs = 20;
/** How long anything may take before a test gives up; generous, since the machine may be busy. */
export const patienceMs = 45_000;

/** Polls until the condition holds. @throws {Error} naming what was waited for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs: number = patienceMs,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

const givenPorts = new Set<number>();

/** A port that is free for TCP and UDP on 127.0.0.1, never given twice by this process. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (!givenPorts.has(port) && (await isFree(port))) {
      givenPorts.add(port);
      return port;
    }
  }
  throw new Error("no free port found on 127.0.0.1 in 200 tries");
}

async function isFree(port: number): Promise<boolean> {
  const tcp = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
  if (!tcp) return false;
  return new Promise<boolean>((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(false));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(true)));
  });
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export function runCommand(
  program: Program,
  words: readonly string[],
  options: { readonly env?: Record<string, string>; readonly timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    execFile(
      program.executable,
      [...program.words, ...words],
      {
        env: { ...process.env, SERF_RPC_ADDR: "", SERF_RPC_AUTH: "", ...options.env },
        timeout: options.timeoutMs ?? patienceMs,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (error?.killed === true) {
          reject(new Error(`serf ${words.join(" ")} did not end; so far: ${stdout}${stderr}`));
          return;
        }
        const exitCode = typeof error?.code === "number" ? error.code : error ? -1 : 0;
        resolve({ exitCode, stdout, stderr });
      },
    );
  });
}

export interface AgentOptions {
  readonly node: string;
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  /** Ports of an earlier process of the same member. */
  readonly bindPort?: number;
  readonly rpcPort?: number;
}

/** A running `serf agent`. */
export class AgentProcess {
  readonly program: Program;
  readonly node: string;
  readonly bind: string;
  readonly rpc: string;
  readonly #child: ChildProcess;
  #output = "";
  exitCode: number | undefined;

  private constructor(program: Program, options: AgentOptions, bindPort: number, rpcPort: number) {
    this.program = program;
    this.node = options.node;
    this.bind = `127.0.0.1:${bindPort}`;
    this.rpc = `127.0.0.1:${rpcPort}`;
    const words = [
      "agent",
      `-node=${options.node}`,
      `-bind=${this.bind}`,
      `-rpc-addr=${this.rpc}`,
      ...(options.flags ?? []),
    ];
    this.#child = spawn(program.executable, [...program.words, ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, SERF_RPC_ADDR: "", SERF_RPC_AUTH: "", ...options.env },
    });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on("data", collect);
    this.#child.stderr?.on("data", collect);
    this.#child.once("close", (code, signal) => {
      this.exitCode = code ?? (signal === null ? -1 : 128);
    });
  }

  /** Starts an agent and waits until its log streams. */
  static async start(program: Program, options: AgentOptions): Promise<AgentProcess> {
    const agent = await AgentProcess.launch(program, options);
    await agent.sees("Log data will now stream in");
    return agent;
  }

  /** Starts an agent without waiting for anything. */
  static async launch(program: Program, options: AgentOptions): Promise<AgentProcess> {
    const bindPort = options.bindPort ?? (await freePort());
    const rpcPort = options.rpcPort ?? (await freePort());
    return new AgentProcess(program, options, bindPort, rpcPort);
  }

  get bindPort(): number {
    return Number(this.bind.split(":")[1]);
  }

  get rpcPort(): number {
    return Number(this.rpc.split(":")[1]);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until its output holds the text. */
  async sees(text: string | RegExp, withinMs: number = patienceMs): Promise<void> {
    try {
      await until(
        `${this.node} prints ${text}`,
        () => {
          const found =
            typeof text === "string" ? this.#output.includes(text) : text.test(this.#output);
          if (!found && this.exitCode !== undefined) {
            throw new Error(`${this.node} ended with ${this.exitCode} before it printed ${text}`);
          }
          return found;
        },
        withinMs,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}; its output was:\n${this.#output}`, {
        cause: error,
      });
    }
  }

  /** Runs a command of `program` against this agent. */
  command(
    program: Program,
    words: readonly string[],
    options: { readonly env?: Record<string, string> } = {},
  ): Promise<CommandResult> {
    const [name = "", ...rest] = words;
    return runCommand(program, [name, `-rpc-addr=${this.rpc}`, ...rest], options);
  }

  /** Name → status, as `program` lists the members of this agent. */
  async members(program: Program = this.program): Promise<Map<string, string>> {
    const { stdout } = await this.command(program, ["members"]);
    const rows = stdout.split("\n").filter((line) => line !== "");
    return new Map(
      rows.map((row): [string, string] => {
        const cells = row.split(/\s{2,}/);
        return [cells[0] ?? "", cells[2]?.trim() ?? ""];
      }),
    );
  }

  /** Waits until this agent lists exactly these statuses. */
  async lists(expected: Readonly<Record<string, string>>, program?: Program): Promise<void> {
    const wanted = JSON.stringify(Object.entries(expected).sort());
    let last = "";
    await until(`${this.node} lists ${wanted} (last: ${last})`, async () => {
      last = JSON.stringify([...(await this.members(program))].sort());
      return last === wanted;
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; last seen: ${last}\n${this.#output}`, {
        cause: error,
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the process is gone. @returns its exit code; 128 when a signal ended it. */
  async ends(withinMs: number = patienceMs): Promise<number> {
    await until(`${this.node} ends`, () => this.exitCode !== undefined, withinMs);
    return this.exitCode ?? -1;
  }

  /** Ends it for good, whatever it does. */
  async kill(): Promise<void> {
    if (this.exitCode === undefined) this.#child.kill("SIGKILL");
    await this.ends();
  }
}

/** Ends every agent a test started. */
export class AgentGroup {
  readonly #agents: AgentProcess[] = [];

  async start(program: Program, options: AgentOptions): Promise<AgentProcess> {
    const agent = await AgentProcess.launch(program, options);
    this.#agents.push(agent);
    await agent.sees("Log data will now stream in");
    return agent;
  }

  async launch(program: Program, options: AgentOptions): Promise<AgentProcess> {
    const agent = await AgentProcess.launch(program, options);
    this.#agents.push(agent);
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.splice(0).map((agent) => agent.kill()));
  }
}
