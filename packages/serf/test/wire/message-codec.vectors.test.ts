import { WireError } from "@x/swim/wire";
import { describe, expect, it } from "vitest";
import { decodeFilter, encodeFilter, encodeFilters } from "../../src/wire/filter-codec.ts";
import { decodeSerfMessage, encodeSerfMessage } from "../../src/wire/message-codec.ts";
import { SerfMessageType } from "../../src/wire/message.ts";
import { decodePingPayload, encodePingPayload } from "../../src/wire/ping-payload.ts";
import { decodeTags, encodeTags } from "../../src/wire/tag-codec.ts";
import {
  filterOf,
  fromHex,
  messageOf,
  readVectors,
  record,
  relayOf,
  textOf,
  toHex,
  type VectorCase,
} from "../support/vectors.ts";

const special = new Set(["relay", "filter", "nodeMeta", "pingPayload"]);
const cases = readVectors("serf-messages.json");
const ofType = (type: string): readonly VectorCase[] =>
  cases.filter(({ input }) => input["type"] === type);
const plainCases = cases.filter(({ input }) => !special.has(String(input["type"])));

describe("messages of the reference", () => {
  it("are all looked at", () => {
    const specialCount = [...special].reduce((sum, type) => sum + ofType(type).length, 0);
    expect(cases).toHaveLength(137);
    expect(plainCases.length + specialCount).toBe(137);
  });

  it.each(plainCases.map((vector) => [vector.name, vector] as const))(
    "%s is written byte for byte and understood",
    (_name, { input, bytes }) => {
      const message = messageOf(String(input["type"]), input["body"] ?? null);

      expect(toHex(encodeSerfMessage(message))).toBe(bytes);
      expect(decodeSerfMessage(fromHex(bytes))).toEqual(message);
    },
  );

  it.each(ofType("relay").map((vector) => [vector.name, vector] as const))(
    "%s is written byte for byte and understood",
    (_name, { input, bytes }) => {
      const inner = encodeSerfMessage(
        messageOf(String(input["innerType"]), input["inner"] ?? null),
      );
      const relay = relayOf(record(input["header"]), inner);

      expect(toHex(encodeSerfMessage(relay))).toBe(bytes);
      expect(decodeSerfMessage(fromHex(bytes))).toEqual(relay);
    },
  );

  it.each(ofType("filter").map((vector) => [vector.name, vector] as const))(
    "%s is written byte for byte and understood",
    (_name, { input, bytes }) => {
      const filter = filterOf(input["filterType"], input["body"] ?? null);

      expect(toHex(encodeFilter(filter))).toBe(bytes);
      expect(decodeFilter(fromHex(bytes))).toEqual(filter);
    },
  );

  it.each(
    cases
      .filter(({ input }) => "filterNodes" in input)
      .map((vector) => [vector.name, vector] as const),
  )("%s has the filters its options ask for", (_name, { input }) => {
    const filterNodes = input["filterNodes"] as readonly string[] | null;
    const filterTags = input["filterTags"] as Readonly<Record<string, string>> | null;

    const filters = encodeFilters({ nodes: filterNodes ?? [], tags: filterTags ?? {} });

    expect(filters?.map(toHex)).toEqual(record(input["body"])["Filters"]);
  });

  it.each(ofType("nodeMeta").map((vector) => [vector.name, vector] as const))(
    "%s is written byte for byte and understood",
    (_name, { input, bytes }) => {
      const tags = (input["tags"] ?? {}) as Readonly<Record<string, string>>;
      const protocolVersion = Number(input["protocolVersion"]);
      const tagsTold = protocolVersion < 3 ? { role: tags["role"] ?? "" } : tags;

      expect(toHex(encodeTags(tags, protocolVersion))).toBe(bytes);
      expect({ ...decodeTags(fromHex(bytes)) }).toEqual(tagsTold);
    },
  );

  it.each(ofType("pingPayload").map((vector) => [vector.name, vector] as const))(
    "%s is written byte for byte and understood",
    (_name, { input, bytes }) => {
      const { Vec, Error, Adjustment, Height } = record(input["coordinate"]);
      const coordinate = {
        vector: (Vec as readonly number[]).map(Number),
        error: Number(Error),
        adjustment: Number(Adjustment),
        height: Number(Height),
      };

      expect(toHex(encodePingPayload(coordinate))).toBe(bytes);
      expect(decodePingPayload(fromHex(bytes))).toEqual(coordinate);
    },
  );
});

describe("bytes the reference only reads", () => {
  const decodeCases = readVectors("serf-decode.json");
  const typeByteOf: Readonly<Record<string, number>> = {
    ...SerfMessageType,
    member: SerfMessageType.conflictResponse,
  };

  it("are all looked at, here or with the query filters", () => {
    const ops = decodeCases.map(({ op }) => op);
    expect(decodeCases).toHaveLength(47);
    expect(new Set(ops)).toEqual(new Set(["decodeBody", "decodeTags", "shouldProcessQuery"]));
  });

  const withType = (type: number, body: string): Uint8Array =>
    new Uint8Array([type, ...fromHex(body)]);

  const bodyCases = decodeCases.filter(
    ({ op, input }) => op === "decodeBody" && String(input["type"]) in typeByteOf,
  );
  const encodedOf = ({ input, bytes }: VectorCase): Uint8Array =>
    withType(typeByteOf[String(input["type"])] ?? -1, bytes);

  it.each(
    bodyCases
      .filter(({ error, bytes }) => error === null && bytes !== "c0")
      .map((vector) => [vector.name, vector] as const),
  )("%s is read as the reference reads it", (_name, vector) => {
    expect(decodeSerfMessage(encodedOf(vector))).toEqual(
      messageOf(String(vector.input["type"]), vector.output ?? null),
    );
  });

  it.each(
    bodyCases.filter(({ bytes }) => bytes === "c0").map((vector) => [vector.name, vector] as const),
  )("%s, a record of zeros to the reference, means that the name is unknown", (_name, vector) => {
    expect(decodeSerfMessage(encodedOf(vector))).toEqual({
      kind: "conflict-response",
      member: undefined,
    });
  });

  it.each(
    bodyCases.filter(({ error }) => error !== null).map((vector) => [vector.name, vector] as const),
  )("%s is refused as the reference refuses it", (_name, vector) => {
    expect(() => decodeSerfMessage(encodedOf(vector))).toThrow(WireError);
  });

  it.each(
    decodeCases
      .filter(({ input }) => input["type"] === "relayHeader")
      .map((vector) => [vector.name, vector] as const),
  )("%s is read as the reference reads it", (_name, { output, bytes }) => {
    const inner = encodeSerfMessage({ kind: "join", lamportTime: 1n, node: "a" });
    const encoded = new Uint8Array([SerfMessageType.relay, ...fromHex(bytes), ...inner]);

    expect(decodeSerfMessage(encoded)).toEqual(relayOf(record(output), inner));
  });

  it.each(
    decodeCases
      .filter(({ input }) => String(input["type"]).startsWith("filter"))
      .map((vector) => [vector.name, vector] as const),
  )("%s is read as the reference reads it", (_name, { input, output, bytes }) => {
    const type = input["type"] === "filterNode" ? 0 : 1;

    expect(decodeFilter(withType(type, bytes))).toEqual(filterOf(type, output ?? null));
  });

  it.each(
    decodeCases
      .filter(({ op }) => op === "decodeTags")
      .map((vector) => [vector.name, vector] as const),
  )("%s is read as the reference reads it", (_name, { output, bytes }) => {
    const tags = Object.entries(record(output ?? {})).map(([tag, value]) => [tag, textOf(value)]);

    expect(Object.entries(decodeTags(fromHex(bytes)))).toEqual(tags);
  });
});
