/** What does the way through the driver and the kernel cost, with no protocol in between? */
import { bench, describe } from "vitest";
import { NodeDriver } from "../src/node/node-driver.ts";
import { SocketTransport } from "../src/node/socket-transport.ts";
import { ToyCore } from "../test/node/support/toy-core.ts";

const ROUND_TRIPS = 1_000;
const payload = new Uint8Array(300);

async function drive(core: ToyCore): Promise<NodeDriver<string, string>> {
  const transport = await SocketTransport.bind({ bindAddress: "127.0.0.1", bindPort: 0 });
  return new NodeDriver(core, transport);
}

const [asking, answering] = [new ToyCore(), new ToyCore()];
const asker = await drive(asking);
const answerer = await drive(answering);

describe("1,000 datagram round trips of 300 bytes on loopback, one process", () => {
  for (const windowSize of [1, 32]) {
    bench(`${windowSize} under way at a time`, () => roundTrips(windowSize));
  }

  function roundTrips(windowSize: number): Promise<void> {
    const send = (core: ToyCore, { localEndpoint: target }: NodeDriver<string, string>): void =>
      core.want({ kind: "send-datagram", target, bytes: payload });
    answering.onInput = () => {
      answering.datagrams.length = 0;
      send(answering, asker);
    };
    return new Promise((resolve) => {
      let [sentCount, heardCount] = [windowSize, 0];
      asking.onInput = () => {
        asking.datagrams.length = 0;
        heardCount += 1;
        if (heardCount === ROUND_TRIPS) resolve();
        if (sentCount === ROUND_TRIPS) return;
        sentCount += 1;
        send(asking, answerer);
      };
      asker.call(() => {
        for (let count = 0; count < windowSize; count += 1) send(asking, answerer);
      });
    });
  }
});
