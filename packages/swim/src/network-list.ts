/**
 * Networks members may live in.
 *
 * Source: behaviour specification §13, "CIDR allow list".
 */
import { addressBytes, canonicalAddress } from "./wire/index.ts";

interface Network {
  readonly bytes: Uint8Array;
  readonly prefixBits: number;
}

/** A list of CIDR blocks; an empty one allows everything. */
export class NetworkList {
  readonly #networks: readonly Network[];

  /** @throws {TypeError} naming the text that is no network. */
  constructor(texts: readonly string[]) {
    this.#networks = texts.map(parseNetwork);
  }

  /**
   * @param address - 4 or 16 bytes; an IPv4-mapped one counts as IPv4. Families never match each other.
   */
  allows(address: Uint8Array): boolean {
    if (this.#networks.length === 0) return true;
    const canonical = canonicalAddress(address);
    return this.#networks.some((network) => contains(network, canonical));
  }
}

function parseNetwork(text: string): Network {
  const [address = "", prefix, ...rest] = text.split("/");
  let bytes: Uint8Array;
  try {
    bytes = canonicalAddress(addressBytes(address));
  } catch (cause) {
    throw new TypeError(`${JSON.stringify(text)} is no network: write 10.0.0.0/8 or fd00::/8`, {
      cause,
    });
  }
  const prefixBits =
    prefix !== undefined && /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (rest.length > 0 || !(prefixBits <= 8 * bytes.length)) {
    throw new TypeError(
      `${JSON.stringify(text)} is no network: the prefix is 0 to ${8 * bytes.length}`,
    );
  }
  return { bytes, prefixBits };
}

function contains(network: Network, address: Uint8Array): boolean {
  if (address.length !== network.bytes.length) return false;
  for (let bit = 0; bit < network.prefixBits; bit += 8) {
    const index = bit >> 3;
    const mask = network.prefixBits - bit >= 8 ? 0xff : 0xff << (8 - (network.prefixBits - bit));
    if ((((address[index] ?? 0) ^ (network.bytes[index] ?? 0)) & mask & 0xff) !== 0) return false;
  }
  return true;
}
