/**
 * Waits until an announcement of our own has been told: a farewell, or new metadata.
 *
 * "Told" means handed out as often as the retransmit limit asks for, not "heard".
 *
 * Source: behaviour specification §3.6, §10.
 */
import type { CoreContext } from "./core-context.ts";
import type { Membership } from "./membership.ts";
import { describeSelf } from "./self-description.ts";
import type { Timer } from "./timer-table.ts";

export interface AnnouncementOutcome {
  readonly timedOut: boolean;
}

type Settled = (outcome: AnnouncementOutcome) => void;

/** Announcements somebody waits for. */
export class OwnAnnouncements {
  readonly #context: CoreContext;
  readonly #membership: Membership;

  constructor(context: CoreContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /**
   * Says farewell. A second call settles at once.
   *
   * It goes before all other news, and at once where gossip is eager.
   *
   * @param timeoutMs - 0 = wait as long as it takes.
   */
  leave(timeoutMs: number, nowMs: number, settled: Settled): void {
    if (this.#membership.isLeaving) return settled({ timedOut: false });
    const hasAudience = this.#hasAudience();
    const wait = this.#wait(hasAudience, timeoutMs, nowMs, settled);
    this.#membership.announceLeave(nowMs, wait.finished);
    wait.settleIfAlone();
  }

  /** Announces new metadata; while leaving it is kept for the next join. */
  updateMeta(meta: Uint8Array, timeoutMs: number, nowMs: number, settled: Settled): void {
    const { options, table } = this.#context;
    const self = table.find(options.name);
    if (this.#membership.isLeaving && self !== undefined) {
      table.describe(self, describeSelf(options, meta));
      return settled({ timedOut: false });
    }
    const wait = this.#wait(this.#hasAudience(), timeoutMs, nowMs, settled);
    this.#membership.announceSelf(meta, nowMs, wait.finished);
    wait.settleIfAlone();
  }

  /** Whether anybody else lives who could listen. */
  #hasAudience(): boolean {
    const { options, table } = this.#context;
    const self = table.find(options.name);
    const selfCount = self !== undefined && table.isLive(self) ? 1 : 0;
    return table.liveCount > selfCount;
  }

  #wait(
    hasAudience: boolean,
    timeoutMs: number,
    nowMs: number,
    settled: Settled,
  ): { readonly finished: () => void; readonly settleIfAlone: () => void } {
    let timer: Timer | undefined;
    let isSettled = false;
    const settle = (timedOut: boolean): void => {
      if (isSettled) return;
      isSettled = true;
      this.#context.timers.cancel(timer);
      settled({ timedOut });
    };
    if (hasAudience && timeoutMs > 0) {
      timer = this.#context.timers.set(nowMs + timeoutMs, () => settle(true));
    }
    return {
      finished: () => settle(false),
      settleIfAlone: () => {
        if (!hasAudience) settle(false);
      },
    };
  }
}
