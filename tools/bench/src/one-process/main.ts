/**
 * Forms a cluster of many members of our library in one process, on sockets of loopback, and prints
 * figures as JSON. `go/one-process/main.go` does the same with the reference's library.
 */
import { startSerf, type RunningSerf } from "@x/serf/node";

const patienceMs = 30_000;
const agreementLimitMs = 90_000;
const joiningLimitMs = 120_000;
const joinsAtOnce = 32;
const veteranCount = 16;
const eventName = "urgent";
const pollingPauseMs = 5;

interface CrowdMember {
  readonly serf: RunningSerf;
  readonly address: string;
  heardMs: number | undefined;
  /** 0 for one that was there from the start, or never came in. */
  joinedMs: number;
}

async function startOne(name: string): Promise<CrowdMember> {
  const member: { heardMs: number | undefined; joinedMs: number } = {
    heardMs: undefined,
    joinedMs: 0,
  };
  const serf = await startSerf({
    name,
    bind: "127.0.0.1:0",
    onEvent(event) {
      if (event.kind === "user" && event.name === eventName) member.heardMs ??= performance.now();
    },
  });
  const { address, port } = serf.localMember.endpoint;
  return Object.assign(member, { serf, address: `${address}:${port}` });
}

async function startAll(count: number, prefix: string): Promise<CrowdMember[]> {
  const all: CrowdMember[] = [];
  for (let index = 0; index < count; index += 1) all.push(await startOne(`${prefix}${index}`));
  return all;
}

/**
 * Joins each newcomer by one of those who are in, some at a time, until it succeeds or the time for
 * joining is over.
 */
async function joinAll(
  newcomers: readonly CrowdMember[],
  known: readonly CrowdMember[],
  joined: (count: number) => void,
): Promise<void> {
  let next = 0;
  let done = 0;
  const deadlineMs = performance.now() + joiningLimitMs;
  const joinOne = async (newcomer: CrowdMember, target: string): Promise<void> => {
    while (performance.now() < deadlineMs) {
      try {
        await newcomer.serf.join([target], { ignoreOldEvents: false });
        newcomer.joinedMs = performance.now();
        return;
      } catch {
        // Refused by a busy member: asked again, as in the reference's program.
      }
    }
  };
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = next;
      next += 1;
      const newcomer = newcomers[index];
      const target = known[index % known.length];
      if (newcomer === undefined || target === undefined) return;
      await joinOne(newcomer, target.address);
      done += 1;
      joined(done);
    }
  };
  await Promise.all(Array.from({ length: joinsAtOnce }, worker));
}

async function until(holds: () => boolean, deadlineMs: number): Promise<void> {
  while (!holds() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, pollingPauseMs));
  }
}

async function awaitAgreement(all: readonly CrowdMember[]): Promise<void> {
  const deadlineMs = performance.now() + agreementLimitMs;
  for (const { serf } of all) {
    const seesAll = (): boolean =>
      serf.members.filter(({ status }) => status === "alive").length >= all.length;
    await until(seesAll, deadlineMs);
  }
}

type Figures = Readonly<Record<string, number>>;

async function joinCrowd(count: number): Promise<Figures> {
  const all = await startAll(count, "m");
  const startMs = performance.now();
  await joinAll(all.slice(1), all.slice(0, 1), () => {});
  await awaitAgreement(all);
  return { agreedMs: performance.now() - startMs };
}

async function storm(count: number): Promise<Figures> {
  const veterans = await startAll(veteranCount, "m");
  await joinAll(veterans.slice(1), veterans.slice(0, 1), () => {});
  await awaitAgreement(veterans);
  const newcomers = await startAll(count, "new-");
  let toldMs = Infinity;
  const startMs = performance.now();
  await joinAll(newcomers, veterans, (joined) => {
    if (joined !== Math.floor(count / 2)) return;
    toldMs = performance.now();
    veterans[3]?.serf.userEvent(eventName, new TextEncoder().encode("payload"));
  });
  const stormMs = performance.now() - startMs;
  let latestMembersMs = 0;
  let latestMs = 0;
  let missed = 0;
  const deadlineMs = Math.max(performance.now(), toldMs + patienceMs);
  const inside = newcomers.filter(({ joinedMs }) => joinedMs > 0);
  for (const member of [...veterans, ...inside]) {
    await until(() => member.heardMs !== undefined, deadlineMs);
    if (member.heardMs === undefined) missed += 1;
    const heardMs = member.heardMs ?? deadlineMs;
    const wasIn = member.joinedMs <= toldMs;
    const lateMs = heardMs - Math.max(member.joinedMs, toldMs);
    if (wasIn) latestMembersMs = Math.max(latestMembersMs, lateMs);
    latestMs = Math.max(latestMs, lateMs);
  }
  return {
    stormMs,
    membersMs: latestMembersMs,
    everybodyMs: latestMs,
    missed,
    outside: newcomers.length - inside.length,
  };
}

const [, , what, count] = process.argv;
const figures = await (what === "join" ? joinCrowd : storm)(Number(count));
console.log(JSON.stringify(figures));
// Four hundred orderly goodbyes would take longer than all that was measured.
process.exit(0);
