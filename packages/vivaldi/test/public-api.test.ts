import { describe, expect, it } from "vitest";
import * as vivaldi from "@x/vivaldi";

describe("@x/vivaldi", () => {
  it("exports this and nothing else", () => {
    expect(Object.keys(vivaldi).sort()).toEqual([
      "CoordinateClient",
      "areCompatible",
      "defaultVivaldiOptions",
      "estimatedRttNanoseconds",
      "estimatedRttSeconds",
      "isFiniteCoordinate",
      "rawDistanceSeconds",
      "referenceVivaldiOptions",
    ]);
  });
});
