/** The sequences of behaviour specification §6, computed with the reference's code. */
import { describe, expect, it } from "vitest";
import type { Coordinate } from "@x/vivaldi";
import { CoordinateClient, estimatedRttNanoseconds, referenceVivaldiOptions } from "@x/vivaldi";

const options = { ...referenceVivaldiOptions, dimensionality: 3 };

function noDraw(): number {
  throw new Error("no points coincide in these sequences");
}

describe("The reference's settings reproduce behaviour specification §6", () => {
  it("sequence A: a fresh client and one member", () => {
    const client = new CoordinateClient(options, noDraw);
    const other: Coordinate = { vector: [0, 0, 0.001], error: 1.5, adjustment: 0, height: 1e-5 };
    const steps = [0.002, 0.002, 0.009].map((rttSeconds) => {
      client.observe("n", other, rttSeconds);
      return [client.coordinate, estimatedRttNanoseconds(client.coordinate, other)];
    });

    expect(steps).toEqual([
      [
        {
          vector: [0, 0, -0.00012249999877047386],
          error: 1.37375,
          adjustment: 2.137625e-5,
          height: 1.2449999774670516e-5,
        },
        1_166_326,
      ],
      [
        {
          vector: [0, 0, -0.00022213110929519052],
          error: 1.259390780013049,
          adjustment: 4.0211906625224824e-5,
          height: 1.4442621638230138e-5,
        },
        1_286_785,
      ],
      [
        {
          vector: [0, 0, -0.0003035092461264213],
          error: 1.1563828128710232,
          adjustment: 5.6972420694260064e-5,
          height: 1.6070183900774854e-5,
        },
        1_386_551,
      ],
    ]);
  });

  it("sequence B: a settled client, three names, and RTTs at both ends of the range", () => {
    const client = new CoordinateClient(options, noDraw);
    const p: Coordinate = {
      vector: [-0.004, 0.011, 0.002],
      error: 0.2,
      adjustment: -0.0001,
      height: 0.0003,
    };
    const q: Coordinate = { vector: [0.03, 0.03, -0.01], error: 0.8, adjustment: 0, height: 0.002 };
    client.setCoordinate({
      vector: [0.01, -0.02, 0.005],
      error: 0.4,
      adjustment: 0.0002,
      height: 0.0005,
    });
    expect(estimatedRttNanoseconds(client.coordinate, p)).toBe(35_046_742);

    const steps = (
      [
        ["p", p, 0.03],
        ["q", q, 0.045],
        ["p", p, 0.033],
        ["r", p, 0],
        ["r", p, 10],
      ] as const
    ).map(([memberName, other, rttSeconds]) => {
      client.observe(memberName, other, rttSeconds);
      return client.coordinate;
    });
    const last = client.observe("r", p, 10.000000001);

    expect(steps).toEqual([
      {
        vector: [0.009655133532462635, -0.019236369285036522, 0.0049260971394163135],
        error: 0.3613707888888889,
        adjustment: -0.00010214780991499878,
        height: 0.00048029340713211694,
      },
      {
        vector: [0.01001852203129815, -0.018356896346323943, 0.00465948414465576],
        error: 0.3552203186495358,
        adjustment: -0.0003964820626502793,
        height: 0.0004359902139150528,
      },
      {
        vector: [0.010026737295018129, -0.018374102855467988, 0.004661040040848698],
        error: 0.29898469722499693,
        adjustment: -0.0004063903695362265,
        height: 0.00043642160222333775,
      },
      {
        vector: [0.007910840887331978, -0.013943098498046322, 0.0042596273065122784],
        error: 1.5,
        adjustment: -0.001115354830911086,
        height: 0.0003253343950785799,
      },
      {
        vector: [0.9526040319045228, -1.9922735390660875, 0.1834787579461147],
        error: 1.3891071350294117,
        adjustment: 0.19193821742406483,
        height: 0.04992294603137078,
      },
    ]);
    expect(last).toEqual({ kind: "rejected", reason: "rtt-out-of-range" });
    expect(client.coordinate).toBe(steps.at(-1));
    expect(client.stats.zeroRtts).toBe(1);
  });
});
