/**
 * SWIM membership on real sockets: UDP and TCP on one port, IPv4 and IPv6.
 *
 * Most programs need `startSwim` only. Read `start-swim.ts`, `running-swim.ts`, then
 * `node-driver.ts`, `transport.ts` and `socket-transport.ts`, which know nothing of the protocol
 * and drive any core.
 *
 * @packageDocumentation
 */

// A member.
export { startSwim, type StartSwimOptions } from "./start-swim.ts";
export { RunningSwim, type Cancellable, type Target, type Timed } from "./running-swim.ts";

// Driving a core.
export { NodeDriver, type DriverListener } from "./node-driver.ts";
export type { LoopDelay } from "./loop-delay.ts";
export { EventBuffer, type Overflow, type SubscribeOptions } from "./event-buffer.ts";
export { PendingCalls } from "./pending-calls.ts";

// Carrying its traffic.
export type { Transport, TransportHandler, TransportReport } from "./transport.ts";
export { SocketTransport, type SocketTransportOptions } from "./socket-transport.ts";
export { defaultTcpStreamLimits, type TcpStreamLimits } from "./tcp-streams.ts";

// Addresses.
export { resolveJoinAddress, type ResolveOptions } from "./resolve-join-address.ts";
export {
  advertisedAddress,
  whereFound,
  type AdvertisedAddressOptions,
  type WhereFound,
} from "./advertised-address.ts";
export type { InterfaceAddress } from "./private-address.ts";
export { parseBindAddress, type BindAddress } from "./bind-address.ts";
export { endpointText } from "./stream-failure.ts";

// What a core needs of the platform.
export { nodeAead, prepareAead } from "./aes-gcm.ts";
export { fillRandom } from "./random-pool.ts";
