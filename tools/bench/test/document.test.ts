import { describe, expect, it } from "vitest";
import { clusterDocument, remarksOf, sections, table } from "../src/document.ts";
import { rangePlot } from "../src/range-plot.ts";
import { ratioPlot } from "../src/ratio-plot.ts";
import type { Results, Row } from "../src/results.ts";

const leave: Row = { figure: "leave answered, ms", ours: [50, 60, 55], reference: [1_400, 1_500] };
const results: Results = {
  machine: "two processors",
  ours: "ours 1",
  reference: "theirs 2",
  measurements: [
    { name: "leave", measuredAt: "2026-11-26 20:00", rows: [leave] },
    {
      name: "leave-encrypted",
      measuredAt: "2026-11-26 20:10",
      rows: [{ ...leave, figure: "encrypted: leave answered, ms", ours: [900] }],
    },
  ],
};

describe("table", () => {
  it("shows medians, ranges, the ratio, and whether the target is met", () => {
    expect(table([leave])).toContain(
      "| leave answered, ms | 55.0 (50.0–60.0) | 1400 (1400–1500) | **0.04** | | | | ≤ 0.2 × ✓ |",
    );
  });

  it("quotes the slowest of many, and judges by it where the target says so", () => {
    const ours = [...Array.from({ length: 19 }, () => 10), 90];
    const event: Row = { figure: "user event to all, 16 members, ms", ours, reference: [300, 400] };

    expect(table([event])).toContain("| **0.03** | 90.0 | 400 | 0.23 | ≤ 0.1 × ✗ |");
  });

  it("refuses a figure nobody measured", () => {
    expect(() => table([{ ...leave, reference: [] }])).toThrow("nothing was measured");
  });
});

describe("the document", () => {
  it("keeps what a person wrote below the tables", () => {
    const first = clusterDocument(results, "## What is worse, and why\n\n- Start: Node's own.");

    expect(clusterDocument(results, remarksOf(first))).toBe(first);
    expect(first).toContain("- Start: Node's own.");
  });

  it("shows encrypted figures beside each other, under their plain names", () => {
    const [, sealed = ""] = clusterDocument(results, "").split("## With encryption on");

    expect(sealed).toContain("| leave answered, ms | 900 | 1400 (1400–1500) | **0.64** |");
  });
});

describe("sections", () => {
  const bare: Row = {
    figure: "`serf members`, beside bare Node, ms",
    ours: [110],
    reference: [90],
  };
  const one: Row = { figure: "one file: idle resident, MiB", ours: [41], reference: [10] };
  const sealed: Row = { ...leave, figure: "encrypted: leave answered, ms" };

  it("give every row to one table", () => {
    expect(sections([sealed, bare, leave, one])).toEqual({
      plain: [leave],
      encrypted: [leave],
      besideNode: [bare],
      oneFile: [one],
    });
  });

  it("name what ours is beside, and judge by the target of that table", () => {
    const measurement = { name: "beside-node", measuredAt: "2026-11-26 20:20", rows: [bare, one] };
    const text = clusterDocument({ ...results, measurements: [measurement] }, "");

    expect(text).toContain("## Beside a bare Node\n\n| figure | ours, median (range) | bare Node,");
    expect(text).toContain("| 110 | 90.0 | **1.22** | | | | ≤ 1.3 × ✓ |");
    expect(text).toContain("| 41.0 | 10.0 | **4.10** | | | | ≤ 4 × ✗ |");
  });

  it("are left out when nothing of them was measured", () => {
    expect(clusterDocument(results, "")).not.toMatch(/bare Node|one file/i);
  });
});

describe("plots", () => {
  it("draw a line and a dot for each program, and nothing out of the picture", () => {
    const svg = rangePlot("How soon", "ms", [leave]);
    const places = [...svg.matchAll(/c?x[12]?="(-?[\d.]+)"/g)].map(([, place]) => Number(place));

    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...places)).toBeLessThanOrEqual(880);
  });

  it("colour a ratio by whether its target is met", () => {
    const svg = ratioPlot("Cost", [leave, { ...leave, ours: [900] }]);

    expect(svg.match(/<rect class="ours"/g)).toHaveLength(1);
    expect(svg.match(/<rect class="reference"/g)).toHaveLength(1);
  });

  it("never let a name become markup", () => {
    expect(rangePlot("<script>", "ms", [{ ...leave, figure: '"<b>' }])).not.toMatch(/<script|<b>/);
  });
});
