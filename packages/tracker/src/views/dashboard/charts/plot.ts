import uPlot from 'uplot';
import { clock } from '../format.ts';

/** One line or bar of a chart. */
export interface Trace {
  readonly label: string;
  /** CSS custom property of its colour. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  /** What the tooltip says; absent: `values`. Stacked bars hold sums of what is below them. */
  readonly told?: readonly (number | null)[];
  readonly kind: 'bars' | 'line' | 'points';
  readonly dash?: readonly number[];
  readonly width?: number;
}

export interface PlotData {
  /** Epoch seconds. */
  readonly ts: readonly number[];
  readonly traces: readonly Trace[];
  readonly tz: string;
  readonly format: (value: number | null | undefined) => string;
  /** Percentage points: 0 to 100 and the last ten hatched. */
  readonly isBar?: boolean;
  /** First and last moment; absent: of `ts`. */
  readonly span?: readonly [number, number];
}

const HEIGHT = 196;

/** A chart that lives in an element: made once, then given new data; made anew when its traces or the theme change. */
export class Plot {
  readonly element: HTMLElement;
  #plot: uPlot | null = null;
  #shape = '';
  #data: PlotData | null = null;

  constructor(element: HTMLElement) {
    this.element = element;
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(element);
  }

  show(data: PlotData, theme: string): void {
    const { traces, isBar, tz } = data;
    const shape = JSON.stringify([traces.map(({ label, kind, colour }) => [label, kind, colour]), isBar, tz, theme]);
    this.#data = data;
    const aligned = [[...data.ts], ...traces.map(({ values }) => [...values])] as unknown as uPlot.AlignedData;
    if (this.#plot !== null && shape === this.#shape) this.#plot.setData(aligned);
    else {
      this.#plot?.destroy();
      this.#shape = shape;
      this.#plot = new uPlot(this.#options(data), aligned, this.element);
    }
  }

  /** The chart as a picture, on the page's background. */
  picture(): Promise<Blob | null> {
    const chart = this.#plot?.ctx.canvas;
    if (chart === undefined) return Promise.resolve(null);
    const sheet = document.createElement('canvas');
    [sheet.width, sheet.height] = [chart.width, chart.height];
    const context = sheet.getContext('2d');
    if (context === null) return Promise.resolve(null);
    context.fillStyle = colour('--paper');
    context.fillRect(0, 0, sheet.width, sheet.height);
    context.drawImage(chart, 0, 0);
    return new Promise((resolve) => sheet.toBlob(resolve, 'image/png'));
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.element.clientWidth), height: HEIGHT };
  }

  #options({ traces, tz, format, isBar = false, span }: PlotData): uPlot.Options {
    const ink = colour('--ink-3');
    const line = colour('--line');
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: ink, font, ticks: { show: false }, border: { show: false } };
    return {
      ...this.#size(),
      padding: [8, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), tz),
      scales: {
        x: { time: true, range: (_, low, high) => [...(this.#data?.span ?? span ?? [low, high])] as [number, number] },
        y: { range: isBar ? [0, 100] : (_, __, high) => [0, high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        { ...axis, grid: { show: false }, values: TIMES, space: 64, size: 34 },
        {
          ...axis,
          grid: { stroke: line, width: 1 },
          values: (_, ticks) => ticks.map((tick) => format(tick)),
          size: 52,
          space: 40,
        },
      ],
      series: [{}, ...traces.map(seriesOf)],
      hooks: { draw: isBar ? [hatch] : [], setCursor: [(plot) => this.#tell(plot)], ready: [tooltip] },
    };
  }

  #tell(plot: uPlot): void {
    const box = plot.over.querySelector<HTMLElement>('.tip');
    const { idx = null, left = -1 } = plot.cursor;
    const data = this.#data;
    if (box === null || data === null) return;
    box.hidden = idx === null || left < 0;
    if (idx === null || left < 0) return;
    const at = data.ts[idx] ?? 0;
    const lines = data.traces.flatMap(({ label, told, values }) => {
      const value = (told ?? values)[idx];
      return value === null || value === undefined ? [] : [`${label}  ${data.format(value)}`];
    });
    box.textContent = [clock(at, Date.now() / 1000, data.tz), ...lines].join('\n');
    box.style.left = `${Math.min(left + 12, plot.over.clientWidth - box.offsetWidth)}px`;
  }
}

const TIMES: uPlot.Axis.Values = [
  [86_400 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', null, null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
];

function seriesOf({ label, colour: name, kind, dash, width }: Trace): uPlot.Series {
  const stroke = colour(name);
  if (kind === 'bars')
    return {
      label,
      fill: stroke,
      stroke: 'transparent',
      width: 0,
      points: { show: false },
      paths: uPlot.paths.bars?.({ size: [0.86, 24], radius: 0 }) ?? null,
    } as uPlot.Series;
  if (kind === 'points')
    return { label, stroke, width: 1, points: { show: true, size: 7, fill: stroke, stroke }, spanGaps: true };
  return {
    label,
    stroke,
    width: width ?? 1.75,
    ...(dash !== undefined && { dash: [...dash] }),
    points: { show: (plot, series) => isSparse(plot.data[series] ?? []), size: 4, fill: stroke },
    // A pause is no speed of zero; a short one is not worth a gap.
    spanGaps: true,
  };
}

/** Few values would be invisible as a line between nothing. */
function isSparse(values: ArrayLike<number | null | undefined>): boolean {
  return (
    [...(values as (number | null | undefined)[])].filter((value) => value !== null && value !== undefined).length < 40
  );
}

/** The last ten points of a vendor's bar are never to be planned with. */
function hatch(plot: uPlot): void {
  const { ctx, bbox } = plot;
  const top = plot.valToPos(100, 'y', true);
  const edge = plot.valToPos(90, 'y', true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, top, bbox.width, edge - top);
  ctx.clip();
  ctx.strokeStyle = colour('--hatch');
  ctx.lineWidth = devicePixelRatio;
  const step = 7 * devicePixelRatio;
  ctx.beginPath();
  for (let x = bbox.left - (edge - top); x < bbox.left + bbox.width; x += step) {
    ctx.moveTo(x, edge);
    ctx.lineTo(x + (edge - top), top);
  }
  ctx.stroke();
  ctx.restore();
}

function tooltip(plot: uPlot): void {
  const box = document.createElement('pre');
  box.className = 'tip';
  box.hidden = true;
  plot.over.append(box);
}

/** A colour of the theme as the canvas takes it: custom properties are not resolved until they are used. */
export function colour(name: string): string {
  probe ??= document.body.appendChild(document.createElement('i'));
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

let probe: HTMLElement | null = null;
