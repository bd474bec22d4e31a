/**
 * Under which address others shall know this member.
 *
 * The answer is text without IPv4-mapped forms, so an IPv4 address always goes out as 4 bytes:
 * reference peers compare raw bytes and take the 16-byte form of one address for another member.
 *
 * Deviation: the reference sends the private address it chooses for `0.0.0.0` as 16 bytes; ours
 * is 4 bytes like every other. Deviation: bound to `::` the reference advertises `::`, where
 * nobody can be reached; ours chooses as for `0.0.0.0`.
 *
 * Source: behaviour specification §17.
 */
import { isIP } from "node:net";
import { SwimError } from "../errors.ts";
import type { Endpoint } from "../protocol-core.ts";
import { parseBindAddress } from "./bind-address.ts";
import { plainAddress, withoutZone } from "./plain-address.ts";
import {
  choosePrivateAddress,
  defaultInterfaceName,
  machineAddresses,
  type InterfaceAddress,
} from "./private-address.ts";

export interface AdvertisedAddressOptions {
  /** What the sockets are bound to. */
  readonly bindAddress: string;
  readonly boundPort: number;
  /** An IP address set by the user; wins over everything. */
  readonly advertiseAddress?: string;
  /** Default: `boundPort`. Used only with `advertiseAddress`. */
  readonly advertisePort?: number;
  /** The machine's addresses. Default: what the system says. */
  readonly machineAddresses?: readonly InterfaceAddress[];
  /** The interface of the default route. Default: what the system says. */
  readonly defaultInterface?: string;
}

/**
 * @throws {TypeError} if `advertiseAddress` is no IP address.
 * @throws {SwimError} `no-private-address` if all addresses are bound, none is set, and the
 *   machine has no private one.
 *
 * @example
 * advertisedAddress({ bindAddress: "127.0.0.1", boundPort: 7946 }); // => { address: "127.0.0.1", port: 7946 }
 */
export function advertisedAddress(options: AdvertisedAddressOptions): Endpoint {
  const { bindAddress, boundPort, advertiseAddress } = options;
  if (advertiseAddress !== undefined && advertiseAddress !== "") {
    if (isIP(advertiseAddress) === 0) {
      throw new TypeError(
        `advertiseAddress is ${JSON.stringify(advertiseAddress)}: give an IP address`,
      );
    }
    return {
      address: plainAddress(withoutZone(advertiseAddress)),
      port: options.advertisePort ?? boundPort,
    };
  }
  if (!isUnspecified(bindAddress)) {
    return { address: plainAddress(withoutZone(bindAddress)), port: boundPort };
  }
  const address = choosePrivateAddress(
    options.machineAddresses ?? machineAddresses(),
    options.defaultInterface ?? defaultInterfaceName(),
  );
  if (address === undefined) {
    throw new SwimError(
      "no-private-address",
      "no private IP address found, and explicit IP not provided: set an advertise address",
    );
  }
  return { address, port: boundPort };
}

/**
 * Whether pings must name the advertised endpoint, or come from there anyway.
 *
 * @param bound - of a socket of this machine.
 *
 * @example
 * const bound = { address: "10.0.0.1", port: 7946 };
 * mustNameSource(bound, bound); // => false
 * mustNameSource({ address: "0.0.0.0", port: 7946 }, bound); // => true
 */
export function mustNameSource(bound: Endpoint, advertised: Endpoint): boolean {
  return bound.address !== advertised.address || bound.port !== advertised.port;
}

/** Where a member listens and is found, as the options of its core say it. */
export interface WhereFound {
  readonly bindPort: number;
  readonly advertiseEndpoint: Endpoint;
  readonly nameSource: boolean;
}

/**
 * Options of a member that listens at `bound`.
 *
 * @param found.advertise - what its owner wants others to use: an address, with or without a port.
 * @param found.isForeign - the transport is its owner's: where its datagrams come from is not known.
 * @throws {SwimError} `bad-address`, or `no-private-address` if none can be found.
 */
export function whereFound(found: {
  readonly bound: Endpoint;
  readonly advertise: string | undefined;
  readonly isForeign: boolean;
}): WhereFound {
  const { advertise, bound, isForeign } = found;
  const wanted = advertise === undefined ? undefined : parseBindAddress(advertise, bound.port);
  const advertiseEndpoint = advertisedAddress({
    bindAddress: bound.address,
    boundPort: bound.port,
    ...(wanted && { advertiseAddress: wanted.address, advertisePort: wanted.port }),
  });
  const nameSource = isForeign || mustNameSource(bound, advertiseEndpoint);
  return { bindPort: bound.port, advertiseEndpoint, nameSource };
}

function isUnspecified(address: string): boolean {
  return address === "0.0.0.0" || /^[0:]+$/.test(address) || plainAddress(address) === "0.0.0.0";
}
