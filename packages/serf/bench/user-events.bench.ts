/** How many user events per second does one member take in, and send? */
import { bench, describe } from "vitest";
import { resolveSerfOptions, Serf } from "@x/serf";
import { encodeMessage } from "@x/swim/wire";
import { encodeSerfMessage } from "../src/wire/message-codec.ts";

const EVENT_COUNT = 10_000;
const source = { address: "10.0.0.2", port: 7_946 };

/** A member that knows one other, so that news is queued. */
function member(): Serf {
  const swim = { advertiseEndpoint: { address: "10.0.0.1", port: 7_946 } };
  const serf = new Serf(resolveSerfOptions({ name: "self", swim }), {
    random: Math.random,
    fillRandom: () => undefined,
  });
  serf.start(0);
  const bytes = encodeMessage({
    kind: "alive",
    incarnation: 1,
    node: "other",
    address: new Uint8Array([10, 0, 0, 2]),
    port: 7_946,
    meta: new Uint8Array([0xff, 0x80]),
    versions: new Uint8Array([1, 5, 2, 2, 5, 4]),
  });
  serf.handleDatagram({ bytes, source }, 0);
  serf.takeDirectives();
  return serf;
}

const payload = new Uint8Array(20);
const datagrams = Array.from({ length: EVENT_COUNT }, (_, index) =>
  encodeMessage({
    kind: "user",
    payload: encodeSerfMessage({
      kind: "user-event",
      lamportTime: BigInt(index + 1),
      name: "deploy",
      payload,
      coalesce: false,
    }),
  }),
);

describe("user events (10,000 of 20 bytes per iteration)", () => {
  bench("received, delivered and queued for others", () => {
    const serf = member();
    for (const bytes of datagrams) {
      serf.handleDatagram({ bytes, source }, 1);
      serf.takeDirectives();
    }
  });

  bench("sent", () => {
    const serf = member();
    for (let index = 0; index < EVENT_COUNT; index += 1) {
      serf.userEvent("deploy", payload, { coalesce: false }, 1);
      serf.takeDirectives();
    }
  });
});
