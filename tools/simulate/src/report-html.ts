/** One self-contained page about a run: figures, plots, and the story of one member. */
import { figuresOf } from "./figures.ts";
import type { Spread } from "./measurements.ts";
import { onPlane } from "./plane.ts";
import type { Outcome } from "./run-scenario.ts";
import { escapeHtml, plotHtml, type Plot } from "./svg-plot.ts";

/** Curves of single rumours in one plot. */
const SPREAD_LIMIT = 6;

/** @param command - what runs this again. */
export function reportHtml(outcome: Outcome, command: string): string {
  const { scenario } = outcome;
  const title = `${scenario.members} members of ${scenario.layer}, seed ${scenario.seed}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(summary(outcome))}</p>
<p>Again: <code>${escapeHtml(command)}</code></p>
</header>
${failuresHtml(outcome)}
<section class="plots">
${plots(outcome).map(plotHtml).join("\n")}
</section>
<section>
<h2>Figures</h2>
${figuresHtml(outcome)}
</section>
<section>
<h2>Story of ${escapeHtml(scenario.watch)}</h2>
${storyHtml(outcome)}
</section>
<section>
<h2>Scenario</h2>
<pre>${escapeHtml(JSON.stringify(scenario, undefined, 2).slice(0, 20_000))}</pre>
</section>
<footer>The cores that ship, byte-exact packets, virtual time. Digest ${outcome.digest}.</footer>
</body>
</html>
`;
}

function summary(outcome: Outcome): string {
  const { agreedMs, formedMs, virtualMs } = outcome;
  const formed =
    formedMs === undefined ? "did not form" : `formed after ${(formedMs / 1_000).toFixed(1)} s`;
  const agreed = agreedMs === undefined ? "does not agree at the end" : "agrees at the end";
  return `The cluster ${formed} and ${agreed}, after ${(virtualMs / 1_000).toFixed(1)} virtual seconds.`;
}

function failuresHtml({ failures }: Outcome): string {
  if (failures.length === 0) return "";
  const items = failures.map((failure) => `<li>${escapeHtml(failure)}</li>`).join("");
  return `<section class="failed"><h2>Not as expected</h2><ul>${items}</ul></section>`;
}

function plots(outcome: Outcome): Plot[] {
  const { measurements, scenario } = outcome;
  const { samples } = measurements;
  const overTime = (pick: (sample: (typeof samples)[number]) => number | undefined) =>
    samples.flatMap((sample) => {
      const value = pick(sample);
      return value === undefined ? [] : [[sample.atMs / 1_000, value] as const];
    });
  const startMs = outcome.formedMs ?? scenario.settleWithinMs;
  const marks = scenario.faults.map((fault) => ({
    x: (startMs + fault.atMs) / 1_000,
    label: "member" in fault ? `${fault.kind} ${fault.member}` : fault.kind,
  }));
  const xLabel = "virtual time, s";
  const list: Plot[] = [
    {
      title: "Agreement: members that are right about everybody",
      xLabel,
      yLabel: "members",
      series: [
        { label: "agree", points: overTime((sample) => sample.agreeingCount), shape: "step" },
        { label: "take part", points: overTime((sample) => sample.upCount), shape: "step" },
      ],
      marks,
      empty: "no samples",
    },
    spreadPlot(
      "Spread of news: members that have heard of it",
      measurements.spreads.filter(({ kind }) => kind !== "crash"),
      "no news was sent: give the scenario a workload",
    ),
    spreadPlot(
      "Detection: members that know of a crash",
      measurements.spreads.filter(({ kind }) => kind === "crash"),
      "nobody crashed",
    ),
    {
      title: "False positives: members declared dead while they ran without trouble",
      xLabel,
      yLabel: "deaths so far",
      series: [{ label: "false", points: overTime((sample) => sample.falseDeaths), shape: "step" }],
      marks,
      empty: "no samples",
    },
    {
      title: "Messages per member",
      xLabel,
      yLabel: "datagrams per second",
      series: [{ label: "datagrams", points: overTime((sample) => sample.datagramsPerSecond) }],
      marks,
      empty: "no samples",
    },
    {
      title: "Bytes per member",
      xLabel,
      yLabel: "bytes per second",
      series: [{ label: "bytes", points: overTime((sample) => sample.bytesPerSecond) }],
      marks,
      empty: "no samples",
    },
  ];
  if (scenario.layer === "swim") return list;
  const coordinates = measurements.coordinates();
  const plane = onPlane(coordinates.map(({ vector }) => vector));
  return [
    ...list,
    {
      title: "Error of estimated round trips (median over pairs)",
      xLabel,
      yLabel: "relative error, %",
      series: [
        {
          label: "error",
          points: overTime((sample) =>
            sample.rttError === undefined ? undefined : sample.rttError * 100,
          ),
        },
      ],
      marks,
      empty: "no estimates yet",
    },
    {
      title: "Map of the coordinates: the two directions in which members differ most",
      xLabel: "ms",
      yLabel: "ms",
      series: [
        {
          label: "members",
          points: plane.map(([x, y]) => [x * 1_000, y * 1_000] as const),
          shape: "dots",
        },
      ],
      isMap: true,
      empty: "no coordinates",
    },
  ];
}

function spreadPlot(title: string, spreads: readonly Spread[], empty: string): Plot {
  const shown = spreads.filter(({ delaysMs }) => delaysMs.length > 0);
  return {
    title,
    xLabel: "seconds after it happened",
    yLabel: "members",
    series: shown.slice(0, SPREAD_LIMIT).map(({ about, delaysMs }) => ({
      label: about,
      shape: "step",
      points: [
        [0, 0] as const,
        ...delaysMs.map((delayMs, index) => [delayMs / 1_000, index + 1] as const),
      ],
    })),
    empty,
  };
}

function figuresHtml(outcome: Outcome): string {
  const { failures: _failures, spreads, queries, ...figures } = figuresOf(outcome);
  const rows = Object.entries(figures).map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeHtml(spaced(name))}</th><td>${escapeHtml(String(value ?? "never"))}</td></tr>`,
  );
  for (const { answers, asked } of queries) {
    rows.push(`<tr><th scope="row">query answered by</th><td>${answers} of ${asked}</td></tr>`);
  }
  const heads = ["news", "about", "known to", "first, ms", "median, ms", "last, ms"];
  const news = spreads.map(
    ({ about, audience, firstMs, kind, lastMs, medianMs, reached }) =>
      `<tr><td>${kind}</td><td>${escapeHtml(about)}</td><td>${reached} of ${audience}</td>` +
      `<td>${firstMs ?? "–"}</td><td>${medianMs ?? "–"}</td><td>${lastMs ?? "–"}</td></tr>`,
  );
  const newsTable =
    news.length === 0
      ? ""
      : `<table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>${news.join("")}</tbody></table>`;
  return `<table><tbody>${rows.join("")}</tbody></table>${newsTable}`;
}

function storyHtml({ measurements }: Outcome): string {
  if (measurements.story.length === 0) return "<p>Nothing happened to it.</p>";
  const rows = measurements.story.map(
    ({ atMs, by, text }) =>
      `<tr><td class="number">${(atMs / 1_000).toFixed(3)}</td><td>${escapeHtml(by)}</td><td>${escapeHtml(text)}</td></tr>`,
  );
  return `<div class="scroll"><table><thead><tr><th scope="col">s</th><th scope="col">at</th><th scope="col">what</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function spaced(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/ ms$/, ", ms");
}

const STYLE = `
:root{color-scheme:light;--ink:#1d2530;--soft:#5b6675;--line:#dfe4ea;--paper:#fff}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1360px;padding:24px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:32px 0 8px}
header p{margin:4px 0;color:var(--soft)}code,pre{font:13px/1.45 ui-monospace,monospace}
code{background:#f1f4f7;padding:1px 5px;border-radius:3px;overflow-wrap:anywhere}
pre{background:#f6f8fa;padding:12px;border-radius:6px;overflow:auto;max-height:420px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:20px;margin-top:20px}
figure{margin:0;padding:12px 12px 8px;border:1px solid var(--line);border-radius:8px}
figcaption{font-weight:600;margin-bottom:4px}svg{width:100%;height:auto;display:block}
svg text{font-size:12px;fill:var(--soft)}svg .label{fill:var(--ink)}
.grid{stroke:var(--line)}.axis{stroke:#8b95a1}.mark{stroke:#b5482a;stroke-dasharray:3 4;opacity:.6}svg .mark-text{fill:#8f3a22;font-size:11px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:4px 0 0;padding:0;list-style:none;color:var(--soft);font-size:13px}
.legend span{display:inline-block;width:14px;height:3px;margin-right:6px;vertical-align:middle}
.empty{color:var(--soft);padding:48px 0;text-align:center;margin:0}
.failed{border:1px solid #d9a090;background:#fdf4f1;border-radius:8px;padding:4px 16px;margin-top:16px}.failed h2{margin-top:12px}
table{border-collapse:collapse;margin:0 32px 16px 0;display:inline-table;vertical-align:top;font-size:14px}
th,td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{font-weight:500;color:var(--soft)}td{font-variant-numeric:tabular-nums}.number{text-align:right}
.scroll{max-height:460px;overflow:auto;border:1px solid var(--line);border-radius:8px;padding:0 12px}
footer{margin-top:32px;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
`;
