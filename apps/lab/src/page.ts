/** The page: draws the cluster, and takes clicks and boxes to it. */
import { LabCluster, type MemberPicture } from "./lab-cluster.ts";

const MEMBERS = 100;
/** Time a frame may take; a slow machine sees a slower cluster, not a frozen page. */
const FRAME_BUDGET_MS = 14;
const STEP_MS = 5;
/** Shorter drags are clicks. */
const DRAG_PX = 12;

interface Point {
  readonly x: number;
  readonly y: number;
}

function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`the page has no ${kind.name} #${id}`);
}

class Lab {
  readonly #canvas = element("cluster", HTMLCanvasElement);
  readonly #member = element("member", HTMLSelectElement);
  readonly #speed = element("speed", HTMLSelectElement);
  readonly #seed = element("seed", HTMLInputElement);
  readonly #run = element("run", HTMLButtonElement);
  readonly #heal = element("heal", HTMLButtonElement);
  readonly #log = element("log", HTMLOListElement);
  #cluster = new LabCluster({ memberCount: MEMBERS, seed: 1 });
  #isRunning = true;
  #lastFrameMs = performance.now();
  #owedMs = 0;
  #dragStart: Point | undefined;
  #dragEnd: Point | undefined;
  #loggedText = "";

  constructor() {
    for (const name of this.#cluster.names) this.#member.add(new Option(name, name));
    this.#run.addEventListener("click", () => this.#toggleRun());
    this.#heal.addEventListener("click", () => this.#cluster.partition([]));
    element("do", HTMLButtonElement).addEventListener("click", () => this.#act(this.#member.value));
    element("anew", HTMLButtonElement).addEventListener("click", () => this.#beginAnew());
    this.#canvas.addEventListener("pointerdown", (event) => {
      this.#dragStart = this.#at(event);
      this.#canvas.setPointerCapture(event.pointerId);
    });
    this.#canvas.addEventListener("pointermove", (event) => {
      if (this.#dragStart !== undefined) this.#dragEnd = this.#at(event);
      else this.#canvas.title = this.#nearest(this.#at(event)) ?? "";
    });
    this.#canvas.addEventListener("pointerup", (event) => this.#drop(this.#at(event)));
    this.#canvas.addEventListener("pointercancel", () => this.#endDrag());
    requestAnimationFrame((nowMs) => this.#frame(nowMs));
  }

  #toggleRun(): void {
    this.#isRunning = !this.#isRunning;
    this.#run.textContent = this.#isRunning ? "Stop" : "Go on";
  }

  #beginAnew(): void {
    const seed = Math.min(4_294_967_295, Math.max(0, Math.floor(this.#seed.valueAsNumber || 0)));
    this.#seed.value = String(seed);
    this.#cluster = new LabCluster({ memberCount: MEMBERS, seed });
  }

  #frame(nowMs: number): void {
    const passedMs = Math.min(100, nowMs - this.#lastFrameMs);
    this.#lastFrameMs = nowMs;
    if (this.#isRunning) {
      this.#owedMs += passedMs * Number(this.#speed.value);
      const endMs = performance.now() + FRAME_BUDGET_MS;
      while (this.#owedMs >= STEP_MS && performance.now() < endMs) {
        this.#cluster.advance(STEP_MS);
        this.#owedMs -= STEP_MS;
      }
      this.#owedMs = Math.min(this.#owedMs, 1_000);
    }
    this.#draw();
    this.#tell();
    requestAnimationFrame((nextMs) => this.#frame(nextMs));
  }

  #act(name: string): void {
    const checked = document.querySelector<HTMLInputElement>('input[name="click"]:checked');
    this.#member.value = name;
    if (checked?.value === "pause") this.#cluster.togglePause(name);
    else if (checked?.value === "rumour") this.#cluster.tellRumour(name);
    else this.#cluster.toggleCrash(name);
  }

  #drop(end: Point): void {
    const start = this.#dragStart;
    this.#endDrag();
    if (start === undefined) return;
    if (Math.hypot(end.x - start.x, end.y - start.y) < DRAG_PX) {
      const name = this.#nearest(end);
      if (name !== undefined) this.#act(name);
      return;
    }
    const isInside = ({ x, y }: Point): boolean =>
      x >= Math.min(start.x, end.x) &&
      x <= Math.max(start.x, end.x) &&
      y >= Math.min(start.y, end.y) &&
      y <= Math.max(start.y, end.y);
    const chosen = this.#cluster.names.filter((_, index) => isInside(this.#place(index)));
    if (chosen.length > 0) this.#cluster.partition(chosen);
  }

  #endDrag(): void {
    this.#dragStart = undefined;
    this.#dragEnd = undefined;
  }

  /** Where a pointer is, in units of the drawing. */
  #at(event: PointerEvent): Point {
    const box = this.#canvas.getBoundingClientRect();
    const scale = this.#canvas.width / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  #place(index: number): Point {
    const { height, width } = this.#canvas;
    const angle = (index / MEMBERS) * 2 * Math.PI - Math.PI / 2;
    // Two rings, so that a hundred have room to be clicked.
    const radius = width * (index % 2 === 0 ? 0.44 : 0.385);
    return { x: width / 2 + radius * Math.cos(angle), y: height / 2 + radius * Math.sin(angle) };
  }

  #nearest(point: Point): string | undefined {
    let best: string | undefined;
    let bestDistance = this.#canvas.width * 0.03;
    this.#cluster.names.forEach((name, index) => {
      const { x, y } = this.#place(index);
      const distance = Math.hypot(point.x - x, point.y - y);
      if (distance >= bestDistance) return;
      bestDistance = distance;
      best = name;
    });
    return best;
  }

  #draw(): void {
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    const { height, width } = this.#canvas;
    context.clearRect(0, 0, width, height);
    this.#cluster.names.forEach((name, index) => {
      const picture = this.#cluster.picture(name);
      drawMember(context, this.#place(index), picture, name, width / 72);
    });
    this.#drawCentre(context);
    const [start, end] = [this.#dragStart, this.#dragEnd];
    if (start === undefined || end === undefined) return;
    context.setLineDash([10, 8]);
    context.strokeStyle = "#2563a8";
    context.lineWidth = 3;
    context.strokeRect(start.x, start.y, end.x - start.x, end.y - start.y);
    context.setLineDash([]);
  }

  #drawCentre(context: CanvasRenderingContext2D): void {
    const { height, width } = this.#canvas;
    const { agreeingCount, upCount } = this.#cluster;
    context.textAlign = "center";
    context.fillStyle = agreeingCount === upCount ? "#3d7a3a" : "#1d2530";
    context.font = "600 84px system-ui, sans-serif";
    context.fillText(`${agreeingCount} of ${upCount}`, width / 2, height / 2);
    context.fillStyle = "#5b6675";
    context.font = "30px system-ui, sans-serif";
    context.fillText("are right about everybody", width / 2, height / 2 + 52);
  }

  #tell(): void {
    const cluster = this.#cluster;
    const write = (id: string, text: string): void => {
      const target = element(id, HTMLElement);
      if (target.textContent !== text) target.textContent = text;
    };
    write("time", `${(cluster.nowMs / 1_000).toFixed(2)} s`);
    write("up", String(cluster.upCount));
    write("agree", String(cluster.agreeingCount));
    write("false", String(cluster.falseDeaths));
    write("datagrams", cluster.datagramCount.toLocaleString("en-US"));
    write("about", cluster.describe(this.#member.value));
    if (cluster.rumourMs !== undefined) {
      write("heard", `${cluster.heardCount} after ${Math.round(cluster.rumourMs)} ms`);
    }
    this.#heal.disabled = !cluster.hasPartition;
    const lines = cluster.log.slice(-60).toReversed();
    const text = lines
      .map(({ atMs, text: what }) => `${(atMs / 1_000).toFixed(2)} s  ${what}`)
      .join("\n");
    if (text === this.#loggedText) return;
    this.#loggedText = text;
    this.#log.replaceChildren(
      ...text.split("\n").map((line) => {
        const item = document.createElement("li");
        item.textContent = line;
        return item;
      }),
    );
  }
}

function drawMember(
  context: CanvasRenderingContext2D,
  { x, y }: Point,
  picture: MemberPicture | undefined,
  name: string,
  radius: number,
): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = picture === undefined ? "#eef1f4" : "#b5482a";
  context.fill();
  if (picture !== undefined) {
    drawSlice(context, { x, y }, radius, 0, picture.alive, "#3d7a3a");
    drawSlice(context, { x, y }, radius, picture.alive, picture.alive + picture.suspect, "#d9a514");
  }
  context.beginPath();
  context.arc(x, y, radius + 4, 0, 2 * Math.PI);
  context.setLineDash(picture?.condition === "paused" ? [6, 5] : []);
  context.lineWidth = picture?.hasHeard === true ? 6 : picture?.condition === "up" ? 1 : 4;
  context.strokeStyle =
    picture?.hasHeard === true ? "#2563a8" : picture?.condition === "up" ? "#c6ced6" : "#1d2530";
  context.stroke();
  context.setLineDash([]);
  if (picture?.isCutOff === true) {
    context.beginPath();
    context.arc(x, y, radius + 11, 0, 2 * Math.PI);
    context.lineWidth = 3;
    context.strokeStyle = "#7a4b94";
    context.stroke();
  }
  context.fillStyle = "#fff";
  context.textAlign = "center";
  context.font = `${radius * 0.78}px system-ui, sans-serif`;
  if (picture !== undefined) context.fillText(name.slice(1), x, y + radius * 0.28);
}

function drawSlice(
  context: CanvasRenderingContext2D,
  { x, y }: Point,
  radius: number,
  from: number,
  to: number,
  colour: string,
): void {
  if (to <= from) return;
  context.beginPath();
  context.moveTo(x, y);
  context.arc(x, y, radius, from * 2 * Math.PI - Math.PI / 2, to * 2 * Math.PI - Math.PI / 2);
  context.fillStyle = colour;
  context.fill();
}

void new Lab();
