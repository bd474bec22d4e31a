/** Networks to embed: the five of behaviour specification §7, and a measured one. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { SeededRandom } from "@x/simulator";

/** RTTs between `size` members, seconds, row by row, symmetric, zeros on the diagonal. */
export interface LatencyMatrix {
  readonly size: number;
  readonly rttSeconds: Float64Array;
}

function matrixOf(size: number, rtt: (i: number, j: number) => number): LatencyMatrix {
  const rttSeconds = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = i + 1; j < size; j++) {
      const value = rtt(i, j);
      rttSeconds[i * size + j] = value;
      rttSeconds[j * size + i] = value;
    }
  }
  return { size, rttSeconds };
}

/** On a line, `spacing` apart. */
export function lineMatrix(size = 10, spacing = 0.01): LatencyMatrix {
  return matrixOf(size, (i, j) => Math.abs(i - j) * spacing);
}

/** On a square grid, as the crow flies. */
export function gridMatrix(size = 25, spacing = 0.01): LatencyMatrix {
  const columns = Math.sqrt(size);
  return matrixOf(size, (i, j) =>
    Math.hypot(
      ((i % columns) - (j % columns)) * spacing,
      (Math.floor(i / columns) - Math.floor(j / columns)) * spacing,
    ),
  );
}

/** Two sites, near within and far between: {0 … size/2} and the rest. */
export function splitMatrix(size = 25, near = 0.001, far = 0.01): LatencyMatrix {
  const half = Math.floor(size / 2);
  return matrixOf(size, (i, j) => (i <= half === j <= half ? near : near + far));
}

/** One member equally far from all others, which are on a circle. */
export function heightMatrix(size = 25, radius = 0.1): LatencyMatrix {
  return matrixOf(size, (i, j) => {
    if (i === 0) return 2 * radius;
    return 2 * radius * Math.abs(Math.sin((Math.PI * (i - j)) / size));
  });
}

/** No geometry at all: normal, independent for each pair. */
export function randomMatrix(size = 25, mean = 0.1, deviation = 0.01, seed = 1): LatencyMatrix {
  const random = new SeededRandom(seed);
  return matrixOf(size, () => mean + deviation * random.normal());
}

/** Samples of a network in which each RTT is delayed now and then, by about `share` of it. */
export function delayedSlices(
  truth: LatencyMatrix,
  share: number,
  sliceCount = 16,
): readonly LatencyMatrix[] {
  const random = new SeededRandom(1);
  return Array.from({ length: sliceCount }, () => ({
    size: truth.size,
    rttSeconds: truth.rttSeconds.map((rtt) => rtt * (1 + share * Math.abs(random.normal()))),
  }));
}

/** The data file's facts are in `test/data/README.md`. */
const PLANETLAB_SIZE = 490;
const PLANETLAB_PAIRS = (PLANETLAB_SIZE * (PLANETLAB_SIZE - 1)) / 2;

function readData(file: string): ArrayBuffer {
  const packed = readFileSync(new URL(`../data/${file}`, import.meta.url));
  return Uint8Array.from(gunzipSync(packed)).buffer;
}

/** Medians of the RTTs among 490 PlanetLab members: what counts as the truth. */
export function planetLabMatrix(): LatencyMatrix {
  const upper = new Float32Array(readData("planetlab-490-median.upper.f32le.gz"));
  let pair = 0;
  return matrixOf(PLANETLAB_SIZE, () => (upper[pair++] as number) / 1000);
}

/** The same network at four times: noisy samples of the truth. */
export function planetLabSlices(): readonly LatencyMatrix[] {
  const slices = new Uint16Array(readData("planetlab-490-slices.upper.u16le.gz"));
  return [0, 1, 2, 3].map((slice) => {
    let pair = slice * PLANETLAB_PAIRS;
    return matrixOf(PLANETLAB_SIZE, () => ((slices[pair++] as number) * 0.125) / 1000);
  });
}
