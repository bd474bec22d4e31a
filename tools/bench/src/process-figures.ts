/**
 * What a process used, from the kernel's own accounts.
 *
 * CPU comes from the scheduler (nanoseconds on a processor, every thread), since clock ticks miss an
 * agent that wakes for microseconds.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds on a processor so far, all living threads together. */
export function cpuMs(pid: number): number {
  let totalNs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
      totalNs += Number(text.split(" ")[0]);
    } catch {
      // The thread ended between the two reads.
    }
  }
  return totalNs / 1e6;
}

/** Resident memory in MiB. */
export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** UDP packets received and octets received, on the whole machine: run nothing else. */
export function networkCounters(): { readonly datagrams: number; readonly octets: number } {
  return {
    datagrams: counter("/proc/net/snmp", "Udp", "InDatagrams"),
    octets: counter("/proc/net/netstat", "IpExt", "InOctets"),
  };
}

function counter(file: string, group: string, name: string): number {
  const [names = [], values = []] = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith(`${group}:`))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(name)]);
}
