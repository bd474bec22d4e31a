/** A transport worked by hand: it carries nothing, and the test speaks for the network. */
import type { Transport, TransportHandler } from "../../../src/node/transport.ts";

export class HandTransport implements Transport {
  readonly localEndpoint = { address: "192.0.2.77", port: 77 };
  handler: TransportHandler | undefined;
  closeCount = 0;

  start(handler: TransportHandler): void {
    this.handler = handler;
  }

  sendDatagram(): void {}
  openStream(): void {}
  writeStream(): void {}
  closeStream(): void {}
  resetStream(): void {}

  close(): Promise<void> {
    this.closeCount += 1;
    return Promise.resolve();
  }
}
