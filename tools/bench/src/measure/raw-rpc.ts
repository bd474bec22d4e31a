/**
 * An RPC client that does as good as nothing, so that what is measured is the agent and not its
 * client: requests are bytes made beforehand, and answers of known length are counted, not read.
 *
 * Source: RPC specification §3, §5.
 */
import { connect, type Socket } from "node:net";
import { patienceMs } from "./measurement.ts";

/** Every request carries the same number: the length of its answer does not change then. */
const sequenceNumber = 1;
/** After this silence an answer is complete. */
const quietMs = 100;

/** @param body - the encoded map that follows the header, for commands that have one. */
export function rpcRequest(command: string, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const header = [0x82, ...text("Command"), ...text(command), ...text("Seq"), sequenceNumber];
  return Uint8Array.from([...header, ...body]);
}

/** A user event of one byte. @param name - at most 31 letters of ASCII. */
export function eventRequest(name: string): Uint8Array {
  const fields = [...text("Name"), ...text(name), ...text("Payload"), ...text("x")];
  return rpcRequest("event", Uint8Array.from([0x83, ...fields, ...text("Coalesce"), 0xc2]));
}

/** MessagePack of a short text. */
function text(words: string): number[] {
  return [0xa0 | words.length, ...Buffer.from(words, "latin1")];
}

/** A connection that has shaken hands. */
export class RawRpc {
  readonly #socket: Socket;
  #onBytes: (count: number) => void = () => {};

  private constructor(port: number) {
    this.#socket = connect({
      port,
      host: "127.0.0.1",
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(256 * 1024),
        callback: (count) => {
          this.#onBytes(count);
          return true;
        },
      },
    });
  }

  static async connect(port: number): Promise<RawRpc> {
    const rpc = new RawRpc(port);
    await new Promise<void>((resolve, reject) => {
      rpc.#socket.once("connect", resolve).once("error", reject);
    });
    await rpc.answerBytes(rpcRequest("handshake", Uint8Array.from([0x81, ...text("Version"), 1])));
    return rpc;
  }

  /** How long the answer to a request is. */
  async answerBytes(request: Uint8Array): Promise<number> {
    let received = 0;
    const complete = new Promise<void>((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      this.#onBytes = (count) => {
        received += count;
        clearTimeout(timer);
        timer = setTimeout(resolve, quietMs);
      };
    });
    this.#socket.write(request);
    await complete;
    return received;
  }

  /**
   * Sends all requests, each as soon as fewer than `inFlight` wait for their answers.
   *
   * @param answerBytes - of each answer.
   * @returns answers per second.
   * @throws {Error} if they do not all come.
   */
  async rate(
    requests: readonly Uint8Array[],
    answerBytes: number,
    inFlight: number,
  ): Promise<number> {
    let sent = 0;
    let received = 0;
    const send = (count: number): void => {
      const batch = requests.slice(sent, sent + count);
      sent += batch.length;
      if (batch.length > 0) this.#socket.write(Buffer.concat(batch));
    };
    const startMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void =>
        reject(new Error(`${received} bytes instead of ${requests.length * answerBytes}`));
      const timer = setTimeout(giveUp, patienceMs);
      this.#onBytes = (count) => {
        const answeredBefore = Math.floor(received / answerBytes);
        received += count;
        const answered = Math.floor(received / answerBytes);
        if (answered >= requests.length) {
          clearTimeout(timer);
          resolve();
        } else send(answered - answeredBefore);
      };
      send(inFlight);
    });
    return (requests.length * 1_000) / (performance.now() - startMs);
  }

  close(): void {
    this.#socket.destroy();
  }
}
