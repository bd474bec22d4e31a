/**
 * Runs one script to its end.
 *
 * Source: agent specification §6.
 */
import { type ChildProcess, spawn } from "node:child_process";

/** Of what a script prints, only this many last bytes are kept. */
export const scriptOutputLimit = 8192;
/** A script that runs longer than this is worth a warning. */
export const slowScriptMs = 1_000;

/** One run of one script. */
export interface ScriptRun {
  readonly script: string;
  /** Variables added to the agent's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input: Uint8Array;
  /** Kill the script and everything it started after this long; 0 = never. */
  readonly timeoutMs: number;
  /** Called once when the script is still running after `slowScriptMs`. */
  readonly onSlow: () => void;
}

/** How it ended, and what it said. */
export interface ScriptOutcome {
  /** The last `scriptOutputLimit` bytes of standard output and error, in the order written. */
  readonly output: Uint8Array;
  /** Everything it printed, kept or not. */
  readonly outputBytes: number;
  /** Absent when it ended with exit status 0: `exit status 3`, `signal: killed`, … */
  readonly failure?: string;
  /** Its input could not be written to the end because it did not read it; no failure in itself. */
  readonly inputFailure?: string;
}

/**
 * Runs `/bin/sh -c SCRIPT` (Windows: `cmd /C SCRIPT`) and waits until it ended and everybody who
 * held its output closed it. Never rejects: what goes wrong is in the outcome.
 */
export function runScript(run: ScriptRun): Promise<ScriptOutcome> {
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = startShell(run);
    } catch (error) {
      // For instance an environment the system does not take.
      resolve({ output: new Uint8Array(0), outputBytes: 0, failure: (error as Error).message });
      return;
    }
    const tail = new OutputTail(scriptOutputLimit);
    let inputFailure: string | undefined;
    let startFailure: string | undefined;
    let timedOut = false;
    const slow = setTimeout(run.onSlow, slowScriptMs);
    const limit =
      run.timeoutMs > 0
        ? setTimeout(() => {
            timedOut = true;
            killGroup(child);
          }, run.timeoutMs)
        : undefined;
    child.stdout?.on("data", (chunk: Buffer) => tail.push(chunk));
    child.stdin?.on("error", (error) => {
      inputFailure = error.message;
    });
    child.stdin?.end(run.input);
    child.once("error", (error) => {
      startFailure = error.message;
    });
    child.once("close", (code, signal) => {
      clearTimeout(slow);
      clearTimeout(limit);
      let failure = startFailure;
      if (timedOut) failure = `killed after ${run.timeoutMs} ms (handler_timeout)`;
      else if (signal !== null) failure ??= `signal: ${signalText(signal)}`;
      else if (code !== 0) failure ??= `exit status ${code}`;
      resolve({
        output: tail.bytes(),
        outputBytes: tail.totalBytes,
        ...(failure === undefined ? {} : { failure }),
        ...(inputFailure === undefined ? {} : { inputFailure }),
      });
    });
  });
}

function startShell(run: ScriptRun): ChildProcess {
  const options = {
    env: { ...process.env, ...run.environment },
    stdio: ["pipe", "pipe", "ignore"] as ["pipe", "pipe", "ignore"],
    // A group of its own only where it may have to be killed with everything it started.
    detached: run.timeoutMs > 0,
  };
  if (process.platform === "win32") {
    return spawn("cmd", ["/C", `${run.script} 2>&1`], options);
  }
  // The outer shell only joins standard error to standard output, so that their order is kept.
  return spawn("/bin/sh", ["-c", 'exec /bin/sh -c "$0" 2>&1', run.script], options);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already, or the platform has none.
    child.kill("SIGKILL");
  }
}

function signalText(signal: NodeJS.Signals): string {
  const words: Partial<Record<NodeJS.Signals, string>> = {
    SIGKILL: "killed",
    SIGTERM: "terminated",
    SIGINT: "interrupt",
    SIGHUP: "hangup",
    SIGSEGV: "segmentation fault",
    SIGABRT: "aborted",
    SIGPIPE: "broken pipe",
    SIGQUIT: "quit",
  };
  return words[signal] ?? signal;
}

/** Keeps the last bytes of a stream, whatever its length. */
class OutputTail {
  readonly #limit: number;
  #bytes: Buffer = Buffer.alloc(0);
  totalBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.totalBytes += chunk.length;
    const joined = Buffer.concat([this.#bytes, chunk]);
    this.#bytes = joined.subarray(Math.max(0, joined.length - this.#limit));
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
