/**
 * One spelling for each IP address.
 *
 * A socket that carries both families shows IPv4 as `::ffff:10.0.0.1`; the protocol shall never
 * see one member under two addresses.
 */
import { isIPv4 } from "node:net";

const MAPPED_PREFIX = "::ffff:";

/** @returns the plain IPv4 text of an IPv4-mapped IPv6 address, any other text unchanged. */
export function plainAddress(address: string): string {
  if (!address.toLowerCase().startsWith(MAPPED_PREFIX)) return address;
  const tail = address.slice(MAPPED_PREFIX.length);
  return isIPv4(tail) ? tail : address;
}

/** @returns the form in which an IPv6 socket takes an IPv4 address. */
export function mappedAddress(address: string): string {
  return MAPPED_PREFIX + address;
}

/** @returns the zone of an IPv6 address (`eth0` of `fe80::1%eth0`), if there is one. */
export function addressZone(address: string): string | undefined {
  const percent = address.indexOf("%");
  return percent === -1 ? undefined : address.slice(percent + 1);
}

/**
 * Members are told without their zone, since a zone means something on one machine only. From a
 * socket bound to a zone, link-local addresses are meant in that zone.
 */
export function withZone(address: string, zone: string | undefined): string {
  const needsZone = zone !== undefined && /^fe[89ab][0-9a-f]:/i.test(address);
  return needsZone && !address.includes("%") ? `${address}%${zone}` : address;
}

/** @returns the address without its zone. */
export function withoutZone(address: string): string {
  const percent = address.indexOf("%");
  return percent === -1 ? address : address.slice(0, percent);
}
