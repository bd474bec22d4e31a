import { describe, expect, it } from "vitest";
import { bindSamePort, type SamePortOptions } from "../../src/node/same-port.ts";

/** Sockets of a machine on which the second protocol's ports are taken a number of times. */
function machine(takenTimes: number, code = "EADDRINUSE") {
  const released: number[] = [];
  const asked: number[] = [];
  let nextPort = 100;
  const options: Omit<SamePortOptions<number, string>, "bindPort"> = {
    bindFirst: (port) => {
      asked.push(port);
      return Promise.resolve(port === 0 ? (nextPort += 1) : port);
    },
    portOf: (port) => port,
    release: (port) => released.push(port),
    bindSecond: (port) =>
      asked.length > takenTimes
        ? Promise.resolve(`udp ${port}`)
        : Promise.reject(Object.assign(new Error(code), { code })),
  };
  return { options, released, asked };
}

describe("bindSamePort", () => {
  it("lets the first choose, and gives the second the same number (§15)", async () => {
    const { options, released } = machine(0);

    expect(await bindSamePort({ ...options, bindPort: 0 })).toEqual([101, "udp 101"]);
    expect(released).toEqual([]);
  });

  it("chooses again when the twin is taken, up to ten times (§15)", async () => {
    const nine = machine(9);
    const ten = machine(10);

    expect(await bindSamePort({ ...nine.options, bindPort: 0 })).toEqual([110, "udp 110"]);
    await expect(bindSamePort({ ...ten.options, bindPort: 0 })).rejects.toThrow("EADDRINUSE");
    expect(nine.released.length).toBe(9);
    expect(ten.released.length).toBe(10);
  });

  it("tries a given port once", async () => {
    const { options, asked, released } = machine(1);

    await expect(bindSamePort({ ...options, bindPort: 5 })).rejects.toThrow("EADDRINUSE");
    expect(asked).toEqual([5]);
    expect(released).toEqual([5]);
  });

  it("does not try again for another error", async () => {
    const { options, asked } = machine(1, "EACCES");

    await expect(bindSamePort({ ...options, bindPort: 0 })).rejects.toThrow("EACCES");
    expect(asked).toEqual([0]);
  });

  it("stops between two attempts when told to", async () => {
    const controller = new AbortController();
    const { options, released } = machine(1);
    const release = (port: number): void => {
      options.release(port);
      controller.abort("enough");
    };

    const binding = bindSamePort({
      ...options,
      release,
      bindPort: 0,
      signal: controller.signal,
    });

    await expect(binding).rejects.toBe("enough");
    expect(released).toEqual([101]);
  });
});
