/**
 * Sends log records to the local syslog.
 *
 * Node opens stream sockets but no datagram sockets in the file system, which is what most syslog
 * daemons listen on. So a stream is tried first, and otherwise the system's own `logger` program,
 * started once, passes the lines on.
 *
 * Source: agent specification §11.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { Writable } from "node:stream";
import type { LogSink } from "./agent-log.ts";
import type { LogRecord } from "./log-line.ts";
import type { LogLevel } from "./log-level.ts";

const facilities: readonly string[] = [
  "KERN",
  "USER",
  "MAIL",
  "DAEMON",
  "AUTH",
  "SYSLOG",
  "LPR",
  "NEWS",
  "UUCP",
  "CRON",
  "AUTHPRIV",
  "FTP",
];
const firstLocalFacility = 16;
const severities: Readonly<Record<LogLevel, number>> = {
  TRACE: 7,
  DEBUG: 6,
  INFO: 5,
  WARN: 4,
  ERR: 3,
};
const socketPaths = ["/dev/log", "/var/run/syslog", "/var/run/log"];
/** Bytes that may wait for a slow daemon before further lines are dropped and counted. */
export const syslogPendingLimit: number = 1024 * 1024;

/** @returns the number of a facility name in any case; `undefined` when there is none. */
export function facilityNumber(name: string): number | undefined {
  const upper = name.toUpperCase();
  const local = /^LOCAL([0-7])$/.exec(upper);
  if (local !== null) return firstLocalFacility + Number(local[1]);
  const index = facilities.indexOf(upper);
  return index < 0 ? undefined : index;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `<133>Nov 23 21:34:21 serf[5736]: agent: Serf agent starting` and a newline. */
export function formatSyslogLine(record: LogRecord, facility: number, pid: number): string {
  const { time } = record;
  const priority = facility * 8 + severities[record.level];
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  const day = String(time.getDate()).padStart(2, " ");
  const text = record.text.replaceAll("\n", " ");
  return `<${priority}>${months[time.getMonth()] ?? ""} ${day} ${clock} serf[${pid}]: ${record.component}: ${text}\n`;
}

/** A line for `logger --prio-prefix`, which adds time and tag itself. */
function formatLoggerLine(record: LogRecord, facility: number): string {
  const priority = facility * 8 + severities[record.level];
  return `<${priority}>${record.component}: ${record.text.replaceAll("\n", " ")}\n`;
}

/** Sends records to whichever of the two ways stands. */
class SyslogSink implements LogSink {
  readonly #format: (record: LogRecord) => string;
  readonly #output: Writable;
  readonly #end: () => void;

  constructor(output: Writable, format: (record: LogRecord) => string, end: () => void) {
    this.#output = output;
    this.#format = format;
    this.#end = end;
    // A daemon that goes away must not take the agent along; lines are lost until a restart.
    output.on("error", () => {});
  }

  write(record: LogRecord): void {
    if (!this.#output.writable || this.#output.writableLength > syslogPendingLimit) return;
    this.#output.write(this.#format(record));
  }

  close(): void {
    this.#end();
  }
}

function connectStream(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      socket.unref();
      resolve(socket);
    });
  });
}

function startLogger(path: string): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const words = ["--socket", path, "--prio-prefix", `--id=${process.pid}`, "--tag", "serf"];
    const child = spawn("logger", words, { stdio: ["pipe", "ignore", "ignore"] });
    child.once("error", reject);
    child.once("spawn", () => {
      child.off("error", reject);
      child.unref();
      resolve(child);
    });
  });
}

/**
 * @param facility - name in any case, such as `LOCAL0`.
 * @param paths - sockets to try, in order; the usual places by default.
 * @throws {Error} `Unix syslog delivery error` when no daemon listens.
 */
export async function openSyslog(
  facility: string,
  paths: readonly string[] = socketPaths,
): Promise<LogSink> {
  const number = facilityNumber(facility);
  if (number === undefined) throw new Error(`invalid syslog facility: ${facility}`);
  let lastFailure: unknown;
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false })?.isSocket() !== true) continue;
    try {
      const socket = await connectStream(path);
      const format = (record: LogRecord): string => formatSyslogLine(record, number, process.pid);
      return new SyslogSink(socket, format, () => socket.end());
    } catch {
      // A datagram socket refuses a stream: let the system's own program talk to it.
      try {
        const child = await startLogger(path);
        const input = child.stdin;
        if (input === null) throw new Error("logger has no standard input");
        const format = (record: LogRecord): string => formatLoggerLine(record, number);
        return new SyslogSink(input, format, () => input.end());
      } catch (error) {
        lastFailure = error;
      }
    }
  }
  throw new Error("Unix syslog delivery error", { cause: lastFailure });
}
