/** What every transport promises. Any implementation passes this one suite. */
import { afterEach, describe, expect, it } from "vitest";
import type { Endpoint } from "../../../src/protocol-core.ts";
import type { Transport } from "../../../src/node/transport.ts";
import { record, type Recorded } from "./recorder.ts";
import { turns, until } from "./until.ts";

export interface TransportCase {
  readonly name: string;
  readonly open: () => Promise<Transport>;
  /** An address of the same kind where nobody listens. */
  readonly deserted: () => Promise<Endpoint>;
}

const TIMEOUT_MS = 20_000;

export function describeTransport({ name, open, deserted }: TransportCase): void {
  describe(`a transport: ${name}`, () => {
    const opened: Transport[] = [];
    const recorded = async (): Promise<Recorded> => {
      const transport = await open();
      opened.push(transport);
      return record(transport);
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((transport) => transport.close()));
    });

    it("delivers a datagram whole, with a source that can be answered", async () => {
      const [left, right] = [await recorded(), await recorded()];
      const bytes = Uint8Array.from({ length: 1_400 }, (_, index) => index % 251);

      left.transport.sendDatagram(right.transport.localEndpoint, bytes);
      await until(() => right.heard.datagrams.length === 1);
      const [datagram] = right.heard.datagrams;
      right.transport.sendDatagram(
        datagram?.source ?? left.transport.localEndpoint,
        Uint8Array.of(7),
      );
      await until(() => left.heard.datagrams.length === 1);

      expect(new Uint8Array(datagram?.bytes ?? [])).toEqual(bytes);
      expect(datagram?.source).toEqual(left.transport.localEndpoint);
      expect(new Uint8Array(left.heard.datagrams[0]?.bytes ?? [])).toEqual(Uint8Array.of(7));
    });

    it("gives away the memory of a datagram for good", async () => {
      const [left, right] = [await recorded(), await recorded()];

      for (let value = 0; value < 50; value += 1) {
        left.transport.sendDatagram(right.transport.localEndpoint, Uint8Array.of(value, value));
      }
      await until(() => right.heard.datagrams.length === 50);

      const values = right.heard.datagrams.map(({ bytes }) => [...bytes]);
      expect(values.sort(([first], [second]) => (first ?? 0) - (second ?? 0))).toEqual(
        Array.from({ length: 50 }, (_, value) => [value, value]),
      );
    });

    it("opens a stream, tells both sides once, and carries bytes both ways in order", async () => {
      const [dialler, acceptor] = [await recorded(), await recorded()];

      dialler.transport.openStream(1, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await dialler.heard.heard(1, "opened");
      const acceptedId = await acceptor.heard.accepted();
      dialler.transport.writeStream(1, Uint8Array.of(1, 2));
      dialler.transport.writeStream(1, Uint8Array.of(3));
      await until(() => acceptor.heard.bytesOf(acceptedId).length === 3);
      acceptor.transport.writeStream(acceptedId, Uint8Array.of(4));
      await until(() => dialler.heard.bytesOf(1).length === 1);

      expect(acceptedId % 2).toBe(0);
      expect([...acceptor.heard.bytesOf(acceptedId)]).toEqual([1, 2, 3]);
      expect([...dialler.heard.bytesOf(1)]).toEqual([4]);
      expect(dialler.heard.kindsOf(1)).toEqual(["opened", "data"]);
      expect(acceptor.heard.kindsOf(acceptedId)[0]).toBe("accepted");
    });

    it("carries a long stream without loss", async () => {
      const [dialler, acceptor] = [await recorded(), await recorded()];
      const long = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31) % 256);

      dialler.transport.openStream(1, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await dialler.heard.heard(1, "opened");
      dialler.transport.writeStream(1, long);
      dialler.transport.closeStream(1);
      const acceptedId = await acceptor.heard.accepted();
      await acceptor.heard.heard(acceptedId, "ended");

      expect(Buffer.compare(acceptor.heard.bytesOf(acceptedId), long)).toBe(0);
    });

    it("still carries the answer after the other side has closed", async () => {
      const [dialler, acceptor] = [await recorded(), await recorded()];
      acceptor.heard.onStream = (event) => {
        if (event.kind !== "data") return;
        acceptor.transport.writeStream(event.streamId, Uint8Array.of(9, 9));
        acceptor.transport.closeStream(event.streamId);
      };

      dialler.transport.openStream(1, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await dialler.heard.heard(1, "opened");
      dialler.transport.writeStream(1, Uint8Array.of(1));
      await dialler.heard.heard(1, "ended");

      expect([...dialler.heard.bytesOf(1)]).toEqual([9, 9]);
      expect(dialler.heard.kindsOf(1).at(-1)).toBe("ended");
    });

    it("fails a dial to where nobody listens", async () => {
      const dialler = await recorded();

      dialler.transport.openStream(1, await deserted(), TIMEOUT_MS);
      const event = await dialler.heard.heard(1, "failed");

      expect(event).toMatchObject({ failure: { code: "refused" } });
      expect(dialler.heard.kindsOf(1)).toEqual(["failed"]);
    });

    it("tells the other side of a reset, and nothing more to the one who reset", async () => {
      const [dialler, acceptor] = [await recorded(), await recorded()];
      dialler.transport.openStream(1, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await dialler.heard.heard(1, "opened");
      const acceptedId = await acceptor.heard.accepted();

      dialler.transport.resetStream(1);
      const event = await acceptor.heard.heard(acceptedId, "failed");
      await turns();

      expect(event).toMatchObject({ failure: { code: "reset" } });
      expect(dialler.heard.kindsOf(1)).toEqual(["opened"]);
      expect(acceptor.heard.kindsOf(acceptedId)).toEqual(["accepted", "failed"]);
    });

    it("tells nothing of a stream that was closed", async () => {
      const [dialler, acceptor] = [await recorded(), await recorded()];
      dialler.transport.openStream(1, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await dialler.heard.heard(1, "opened");
      const acceptedId = await acceptor.heard.accepted();

      dialler.transport.closeStream(1);
      acceptor.transport.writeStream(acceptedId, Uint8Array.of(1));
      acceptor.transport.closeStream(acceptedId);
      await turns();

      expect(dialler.heard.kindsOf(1)).toEqual(["opened"]);
    });

    it("ignores numbers it does not know", async () => {
      const transport = (await recorded()).transport;

      expect(() => {
        transport.writeStream(99, Uint8Array.of(1));
        transport.closeStream(99);
        transport.resetStream(99);
      }).not.toThrow();
    });

    it("never speaks from inside a call", async () => {
      const { transport, heard } = await recorded();
      const nowhere = await deserted();

      heard.inside(() => {
        transport.sendDatagram(nowhere, Uint8Array.of(1));
        transport.openStream(1, nowhere, TIMEOUT_MS);
        transport.openStream(3, transport.localEndpoint, TIMEOUT_MS);
        transport.sendDatagram(transport.localEndpoint, Uint8Array.of(1));
      });
      await heard.heard(1, "failed");
      await heard.heard(3, "opened");
      await until(() => heard.datagrams.length === 1);

      expect(heard.reentrantCount).toBe(0);
    });

    it("tells times that never run backwards", async () => {
      const { transport, heard } = await recorded();

      transport.openStream(1, transport.localEndpoint, TIMEOUT_MS);
      transport.sendDatagram(transport.localEndpoint, Uint8Array.of(1));
      await heard.heard(1, "opened");
      await until(() => heard.datagrams.length === 1);

      expect(heard.timesMs).toEqual([...heard.timesMs].sort((first, second) => first - second));
      expect(Math.abs(performance.now() - (heard.timesMs.at(-1) ?? 0))).toBeLessThan(60_000);
    });

    it("closes twice, goes silent, and leaves nothing behind at its address", async () => {
      const [dialler, acceptor] = [await recorded(), await recorded()];
      dialler.transport.openStream(1, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await acceptor.heard.accepted();

      await acceptor.transport.close();
      await acceptor.transport.close();
      const heardCount = acceptor.heard.streamEvents.length;
      dialler.transport.sendDatagram(acceptor.transport.localEndpoint, Uint8Array.of(1));
      dialler.transport.openStream(3, acceptor.transport.localEndpoint, TIMEOUT_MS);
      await dialler.heard.heard(1, "failed");
      await dialler.heard.heard(3, "failed");

      expect(acceptor.heard.streamEvents.length).toBe(heardCount);
      expect(acceptor.heard.datagrams).toEqual([]);
    });
  });
}
