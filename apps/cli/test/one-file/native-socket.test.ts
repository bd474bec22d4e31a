import { describe, expect, it, vi } from "vitest";
import { NativeSocket } from "../../src/one-file/native-socket.ts";
import { ScriptedConnection } from "./scripted-connection.ts";

function accepted(allowHalfOpen = true): {
  socket: NativeSocket;
  connection: ScriptedConnection;
  told: string[];
} {
  const connection = new ScriptedConnection();
  const socket = new NativeSocket({ allowHalfOpen, connection });
  return { socket, connection, told: listen(socket) };
}

/** Everything the socket tells but data, in order. */
function listen(socket: NativeSocket): string[] {
  const told: string[] = [];
  for (const event of ["connect", "end", "finish"]) socket.on(event, () => told.push(event));
  socket.on("error", (error: NodeJS.ErrnoException) => told.push(`error ${error.message}`));
  socket.on("close", (hadError: boolean) => told.push(`close ${hadError}`));
  return told;
}

function heard(socket: NativeSocket): string[] {
  const texts: string[] = [];
  socket.on("data", (bytes: Buffer) => texts.push(bytes.toString()));
  return texts;
}

/** What was put off to the next tick is done. */
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("writing", () => {
  it("keeps what the kernel does not take, in order, until it takes more", async () => {
    const { socket, connection } = accepted();
    const done: string[] = [];
    connection.roomBytes = 4;

    const isTaken = socket.write(Buffer.from("hello "), () => done.push("hello"));
    socket.write("world", () => done.push("world"));
    const waitingBytes = socket.writableLength;
    await tick();
    const doneBefore = [...done];
    connection.roomBytes = Infinity;
    socket.handlers.drain(connection);
    await tick();

    expect([isTaken, waitingBytes, doneBefore]).toEqual([false, 7, []]);
    expect(connection.asked.join("|")).toBe("write hell|write o world");
    expect([done, socket.writableLength]).toEqual([["hello", "world"], 0]);
  });

  it("writes what was corked at once", () => {
    const { socket, connection } = accepted();

    socket.cork();
    socket.write("a");
    socket.write("b");
    const askedBefore = [...connection.asked];
    socket.uncork();

    expect([askedBefore, connection.asked]).toEqual([[], ["write ab"]]);
  });

  it("sends the last words before it says that there is no more", async () => {
    const { socket, connection } = accepted();
    let finishedCount = 0;

    socket.end("bye", () => (finishedCount += 1));
    await tick();

    expect([connection.asked, finishedCount]).toEqual([["write bye", "shutdown"], 1]);
  });

  it("says that there is no more only after everything was written", async () => {
    const { socket, connection, told } = accepted();
    connection.roomBytes = 1;
    let finishedCount = 0;

    socket.write("ab");
    socket.end(() => (finishedCount += 1));
    await tick();
    const toldBefore = [...told, finishedCount, socket.writableFinished];
    connection.roomBytes = Infinity;
    socket.handlers.drain(connection);
    await tick();

    expect(toldBefore).toEqual([0, false]);
    expect(connection.asked).toEqual(["write a", "write b", "shutdown"]);
    expect([told, finishedCount, socket.writableFinished]).toEqual([["finish"], 1, true]);
  });

  it("refuses what comes after the end, and tells only whoever asked", async () => {
    const { socket, told } = accepted();
    const faults: (string | undefined)[] = [];
    socket.end();

    socket.write("late", (error) => faults.push(error?.message));
    await tick();

    expect([socket.writable, faults, told]).toEqual([false, ["write after end"], ["finish"]]);
  });

  it("tells those whose bytes never left when the connection breaks", async () => {
    const { socket, connection, told } = accepted();
    const faults: (string | undefined)[] = [];
    connection.roomBytes = 0;
    socket.write("stuck", (error) => faults.push(error?.message));

    socket.handlers.close(connection, new Error("read ECONNRESET"));
    await tick();

    expect(faults).toEqual(["read ECONNRESET"]);
    expect(told).toEqual(["error read ECONNRESET", "close true"]);
    expect([socket.destroyed, socket.remoteAddress, socket.writableLength]).toEqual([
      true,
      undefined,
      0,
    ]);
  });
});

describe("reading", () => {
  it("holds bytes back until somebody listens", async () => {
    const { socket, connection } = accepted();
    socket.handlers.data(connection, Buffer.from("early"));

    const texts = heard(socket);
    await tick();
    socket.handlers.data(connection, Buffer.from("later"));

    expect(texts).toEqual(["early", "later"]);
  });

  it("asks the kernel to hold the rest when a paused reader has 64 KiB waiting", async () => {
    const { socket, connection } = accepted();
    const texts = heard(socket);
    await tick();
    socket.pause();

    socket.handlers.data(connection, Buffer.alloc(64 * 1024 - 1, "a"));
    const askedBefore = [...connection.asked];
    socket.handlers.data(connection, Buffer.from("b"));
    socket.handlers.data(connection, Buffer.from("c"));
    const textsBefore = [...texts];
    socket.resume();
    await tick();

    expect([askedBefore, textsBefore]).toEqual([[], []]);
    expect(texts.map((text) => text.length)).toEqual([64 * 1024 - 1, 1, 1]);
    expect(connection.asked).toEqual(["pause", "resume"]);
  });

  it("tells the end after the last byte, and only to those who read", async () => {
    const { socket, connection, told } = accepted();
    const texts = heard(socket);
    await tick();
    socket.pause();
    socket.handlers.data(connection, Buffer.from("last"));
    socket.handlers.end(connection);
    await tick();
    const toldBefore = [...told];

    socket.resume();
    await tick();

    expect([toldBefore, texts, told]).toEqual([[], ["last"], ["end"]]);
  });

  it("stops in the middle of what waits when a reader pauses", async () => {
    const { socket, connection } = accepted();
    for (const text of ["a", "b"]) socket.handlers.data(connection, Buffer.from(text));
    const texts: string[] = [];
    socket.on("data", (bytes: Buffer) => {
      texts.push(bytes.toString());
      socket.pause();
    });
    await tick();

    expect([texts, socket.isPaused()]).toEqual([["a"], true]);
  });
});

describe("ending", () => {
  it("stays half open if it may, and closes once both sides are done", async () => {
    const { socket, connection, told } = accepted();
    heard(socket);
    socket.handlers.end(connection);
    await tick();
    const toldBefore = [...told];

    socket.write("answer");
    socket.end();
    await tick();
    await tick();

    expect(toldBefore).toEqual(["end"]);
    expect(connection.asked).toEqual(["write answer", "shutdown", "close"]);
    expect(told).toEqual(["end", "finish", "close false"]);
  });

  it("ends with the other side if it may not stay half open", async () => {
    const { socket, connection, told } = accepted(false);
    heard(socket);

    socket.handlers.end(connection);
    await tick();
    await tick();

    expect(connection.asked).toEqual(["shutdown", "close"]);
    expect(told).toEqual(["end", "finish", "close false"]);
  });

  it("takes a connection that is gone after our end for the end of the other side", async () => {
    const { socket, connection, told } = accepted();
    heard(socket);
    socket.end();
    await tick();

    socket.handlers.close(connection);
    await tick();
    await tick();

    expect(told).toEqual(["finish", "end", "close false"]);
  });

  it("is told once, however often it is given up", async () => {
    const { socket, connection, told } = accepted();

    socket.resetAndDestroy();
    socket.destroy(new Error("late"));
    socket.handlers.close(connection, new Error("later"));
    await tick();

    expect(connection.asked).toEqual(["terminate"]);
    expect(told).toEqual(["close false"]);
  });
});

describe("dialling", () => {
  it("sends what was written before the connection stood", () => {
    const socket = new NativeSocket({ allowHalfOpen: false });
    const connection = new ScriptedConnection();
    const told = listen(socket);
    socket.unref();

    socket.write("early");
    const before = [socket.connecting, socket.remoteAddress];
    socket.handlers.open(connection);

    expect(before).toEqual([true, undefined]);
    expect([told, socket.connecting, socket.remoteAddress]).toEqual([
      ["connect"],
      false,
      "10.0.0.2",
    ]);
    expect(connection.asked).toEqual(["no delay", "unref", "write early"]);
  });

  it("resets a connection that comes after it was given up", async () => {
    const socket = new NativeSocket({ allowHalfOpen: false });
    const connection = new ScriptedConnection();
    const told = listen(socket);

    socket.destroy();
    socket.handlers.open(connection);
    await tick();

    expect([connection.asked, told]).toEqual([["terminate"], ["close false"]]);
  });

  it("tells a refusal once", async () => {
    const socket = new NativeSocket({ allowHalfOpen: false });
    const told = listen(socket);

    socket.handlers.connectError(undefined, new Error("refused"));
    socket.handlers.error(undefined, new Error("refused"));
    await tick();

    expect(told).toEqual(["error refused", "close true"]);
  });
});

describe("a fault of a listener", () => {
  it("ends the process, and is not taken for one of the connection", () => {
    const { socket, connection, told } = accepted();
    const faults: unknown[] = [];
    const nextTick = vi.spyOn(process, "nextTick").mockImplementation((body) => {
      try {
        Reflect.apply(body, undefined, []);
      } catch (fault) {
        faults.push(fault);
      }
    });
    socket.on("data", () => {
      throw new Error("ours");
    });
    socket.handlers.data(connection, Buffer.from("x"));
    nextTick.mockRestore();

    expect(faults).toEqual([new Error("ours")]);
    expect([told, socket.destroyed]).toEqual([[], false]);
  });
});
