/** An address and a port, as people and snapshots write them. */
import type { Endpoint } from "@x/swim";

/** `ip:port`, with brackets around an IPv6 address. Source: Serf specification §3.11. */
export function endpointText({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
