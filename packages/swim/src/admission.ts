/**
 * Which claims about members are worth judging at all.
 *
 * Everything here refuses what no well-behaved member sends, or what the operator does not want,
 * before it reaches the table.
 *
 * Source: behaviour specification §3.1 (versions), §13 (networks), §19.1, §19.9 to §19.12.
 */
import { NetworkList } from "./network-list.ts";
import { LAST_INCARNATION } from "./refutation.ts";
import type { SwimOptions } from "./swim-options.ts";
import type { ClaimRefusal } from "./swim-report.ts";
import { encodeName, isMemberAddress, type AliveMessage } from "./wire/index.ts";

/** Longest metadata of a member. Source: behaviour specification §14. */
export const META_LIMIT_BYTES = 512;

const VERSION_COUNT = 6;

export interface Refusal {
  readonly reason: ClaimRefusal;
  readonly message: string;
}

/** The door of the member table. */
export class Admission {
  readonly #networks: NetworkList;
  readonly #nameBytesLimit: number;
  readonly #incarnationJumpLimit: number;
  readonly #refuseControlCharacters: boolean;

  constructor(
    options: Pick<
      SwimOptions,
      "allowedNetworks" | "nameBytesLimit" | "incarnationJumpLimit" | "refuseControlCharacters"
    >,
  ) {
    this.#networks = new NetworkList(options.allowedNetworks);
    this.#nameBytesLimit = options.nameBytesLimit;
    this.#incarnationJumpLimit = options.incarnationJumpLimit;
    this.#refuseControlCharacters = options.refuseControlCharacters;
  }

  allowsAddress(address: Uint8Array): boolean {
    return this.#networks.allows(address);
  }

  /**
   * Looks at an alive claim before its name is looked up.
   *
   * Deviation: the reference lets incarnation 0, any name, any address and any length of metadata
   * in; a record with incarnation 0 is a ghost nobody can kill, and a name that fits into no packet
   * is suspected for ever.
   */
  refuseAlive(claim: AliveMessage): Refusal | undefined {
    if (claim.incarnation === 0) {
      return { reason: "incarnation-zero", message: "no member announces incarnation 0" };
    }
    if (claim.incarnation === LAST_INCARNATION) {
      return { reason: "incarnation-jump", message: "nobody could ever refute this incarnation" };
    }
    return (
      this.#refuseName(claim.node) ??
      refuseVersions(claim.versions) ??
      refuseAddress(claim) ??
      (claim.meta.length > META_LIMIT_BYTES
        ? { reason: "meta-too-large", message: `${claim.meta.length} bytes of metadata` }
        : undefined)
    );
  }

  /** Looks at the address of a new member, or the new address of a known one. */
  refuseNetwork(address: Uint8Array): Refusal | undefined {
    if (this.#networks.allows(address)) return undefined;
    return {
      reason: "network-not-allowed",
      message: "the address is outside the allowed networks",
    };
  }

  /**
   * Looks at the incarnation of an accusation.
   *
   * A real member climbs by one per refutation, so an accusation far above what is known is an
   * attack or damage. Claims of being alive are not measured: they must be able to answer one.
   *
   * Deviation: the reference believes any incarnation.
   */
  refuseAccusation(incarnation: number, known: number): Refusal | undefined {
    if (incarnation !== LAST_INCARNATION && incarnation - known <= this.#incarnationJumpLimit) {
      return undefined;
    }
    return {
      reason: "incarnation-jump",
      message: `incarnation ${incarnation} after ${known}: no member climbs so far`,
    };
  }

  #refuseName(name: string): Refusal | undefined {
    // A name has at least as many bytes as UTF-16 units: most need not be encoded to be measured.
    const tooLong =
      name.length > this.#nameBytesLimit ||
      (name.length * 3 > this.#nameBytesLimit && encodeName(name).length > this.#nameBytesLimit);
    const isStrange = this.#refuseControlCharacters && hasControlCharacter(name);
    if (name !== "" && !tooLong && !isStrange) return undefined;
    return {
      reason: "invalid-name",
      message: isStrange ? "the name has control characters" : "the name is empty or too long",
    };
  }
}

/** Shorter than six is judged later: an unknown member needs versions, a known one keeps its own. */
function refuseVersions(versions: Uint8Array): Refusal | undefined {
  const [least = 0, greatest = 0] = versions;
  if (versions.length < 3 || (least > 0 && greatest > 0 && least <= greatest)) return undefined;
  return { reason: "invalid-versions", message: `protocol ${least} to ${greatest}` };
}

/** @returns whether all six versions are there. */
export function hasAllVersions(versions: Uint8Array): boolean {
  return versions.length >= VERSION_COUNT;
}

function refuseAddress(claim: AliveMessage): Refusal | undefined {
  const { address } = claim;
  if ((address.length === 4 || address.length === 16) && isMemberAddress(address)) return undefined;
  return { reason: "invalid-address", message: "nobody can be reached at this address" };
}

/** Source: wire specification §13.6. */
export function hasControlCharacter(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const unit = name.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
