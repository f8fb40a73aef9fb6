import type { MeterBar } from '../../../rollups/board/board.ts';
import type { History, MeterTrack } from '../../../rollups/history/history.ts';
import type { QuotaStanding } from '../../../rollups/quotas.ts';
import { capBar, meterBar } from '../charts/meter-bar.ts';
import type { PlotData } from '../charts/plot.ts';
import { stateMark } from '../charts/state-mark.ts';
import type { Tone } from '../charts/state-mark.ts';
import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';
import { age, clock, compact, countdown, percent, points, text, times, windowName } from '../format.ts';
import { empty, plotPlace } from './panel.ts';
import type { Panel, Scene } from './panel.ts';

const STATES: Readonly<Record<MeterBar['buffer']['status'], readonly [Tone, string]>> = {
  ok: ['ok', 'fits'],
  'inside-buffer': ['near', 'inside the reserve'],
  'at-limit': ['stop', 'full'],
  indeterminate: ['none', 'not known yet'],
  'no-data': ['none', 'no reading'],
};

const COLOURS = ['--s1', '--s2', '--s3', '--s4', '--s5', '--s6'];

export const quotas: Panel = {
  id: 'quotas',
  title: 'Quotas',
  columns: 12,
  note: () => 'the last 10 pp are never planned with',
  body: (scene) => {
    const { board, history, view } = scene;
    const shown = board.meters
      .map((meter, at) => ({ meter, at }))
      .filter(({ meter }) => view.provider === null || meter.provider === view.provider);
    const long = shown.filter(({ meter }) => isLong(meter));
    const short = shown.filter(({ meter }) => !isLong(meter));
    const caps = board.overview?.quotas ?? [];
    const hint = board.advice.hints.find(({ part }) => part === 'quotas');
    return [
      h(
        'div',
        { class: 'split', key: 'split' },
        h(
          'div',
          { class: 'rows', key: 'bars', 'data-rove': true },
          long.length === 0
            ? empty(
                hint?.sentence ?? 'No vendor’s bar has been read yet. They come with the answers of a subscription.',
                hint?.next ?? 'tracker ingest claude --window W0-01 --phase before --stdin',
              )
            : long.map(({ meter, at }) => meterRow(scene, meter, at)),
          short.length === 0
            ? null
            : h(
                'details',
                { class: 'more', key: 'short' },
                h('summary', null, `${short.length} limits of a minute`),
                short.map(({ meter, at }) => meterRow(scene, meter, at)),
              ),
        ),
        h(
          'div',
          { key: 'track', class: 'rows', 'data-rove': true },
          h('h3', { key: 'over' }, 'Bars over time'),
          longTracks(history).length === 0
            ? h('p', { class: 'faint pad', key: 'none' }, 'No reading of a bar in this range.')
            : h('div', { key: 'plot' }, plotPlace('meters', 'Used points of each bar over time'), trackLegend(scene)),
          h('h3', { key: 'caps' }, 'Your own caps', h('span', { class: 'faint' }, ' counted by the shim')),
          caps.length === 0
            ? h(
                'p',
                { class: 'faint pad', key: 'no-caps' },
                'No quota is set: everything is counted, nothing is capped.',
              )
            : caps.map((cap, at) => capRow(scene, cap, at)),
        ),
      ),
    ];
  },
  plots: ({ history, board }) => ({
    meters: history === null || longTracks(history).length === 0 ? null : tracks(history, board.tz),
  }),
  csv: ({ board }) => [
    [
      'provider',
      'scope',
      'window_min',
      'used_pp',
      'expected_pp',
      'forecast_low_pp',
      'forecast_high_pp',
      'resets_at',
      'observed_at',
      'source',
      'confidence',
      'status',
    ],
    ...board.meters.map((one) => [
      one.provider,
      one.scope,
      one.window_min,
      one.used_pp,
      one.expected_pp,
      one.forecast?.low_pp ?? null,
      one.forecast?.high_pp ?? null,
      one.resets_at,
      one.observed_at,
      one.source,
      one.confidence,
      one.buffer.status,
    ]),
  ],
};

function meterRow({ b, board, nowTs }: Scene, meter: MeterBar, at: number): Node {
  const [tone, word] = STATES[meter.buffer.status];
  const f = `meters.${at}`;
  const resets = meter.resets_at === null ? null : clock(Date.parse(meter.resets_at) / 1000, nowTs, board.tz);
  return h(
    'div',
    { class: 'meter', key: `${meter.provider} ${meter.account} ${meter.lane} ${meter.scope} ${meter.window_min}` },
    h(
      'div',
      { class: 'meter-name' },
      h('strong', null, meter.provider),
      ` ${windowName(meter.window_min)}`,
      meter.scope === 'all' ? null : h('span', { class: 'faint' }, ` ${meter.scope.replace('model:', '')}`),
      meter.lane === null ? null : h('span', { class: 'faint' }, ` ${meter.lane}`),
    ),
    h('div', { class: 'meter-used' }, b(`${f}.used_pp`, points, { class: 'big' })),
    meterBar(meter),
    h(
      'div',
      { class: 'meter-facts' },
      stateMark(tone, word),
      fact('even use', b(`${f}.expected_pp`, points)),
      meter.pace === null ? null : fact('pace', b(`${f}.pace`, times)),
      meter.forecast === null
        ? null
        : fact('at reset', [b(`${f}.forecast.low_pp`, points), '–', b(`${f}.forecast.high_pp`, points)]),
      fact(
        'resets',
        resets === null ? b(`${f}.resets_in_s`, countdown) : [`${resets} in `, b(`${f}.resets_in_s`, countdown)],
      ),
      fact('read', [
        b(`${f}.age_s`, age),
        ` ago by ${text(meter.source)}`,
        meter.confidence === 'official' ? '' : ` (${text(meter.confidence)})`,
      ]),
    ),
  );
}

function capRow({ b, board, nowTs }: Scene, cap: QuotaStanding, at: number): Node {
  const f = `overview.quotas.${at}`;
  const tone: Tone = cap.verdict === 'block' ? 'stop' : cap.verdict === 'warn' ? 'near' : 'ok';
  const isWeekly = cap.rolling.pct === null || (cap.weekly.pct !== null && cap.weekly.pct > cap.rolling.pct);
  const name = isWeekly ? 'weekly' : 'rolling';
  const other = isWeekly ? 'rolling' : 'weekly';
  return h(
    'div',
    { class: 'meter', key: `cap ${cap.model}` },
    h('div', { class: 'meter-name' }, h('strong', null, cap.model), ` ${name}`),
    h('div', { class: 'meter-used' }, b(`${f}.${name}.pct`, percent, { class: 'big' })),
    capBar(cap[name].pct ?? 0, cap.warn_at_pct, cap.verdict),
    h(
      'div',
      { class: 'meter-facts' },
      stateMark(tone, cap.verdict === 'ok' ? 'ok' : cap.verdict),
      fact('counted', [b(`${f}.${name}.used_tokens`, compact), ' of ', b(`${f}.${name}.cap_tokens`, compact)]),
      cap[other].pct === null ? null : fact(other, b(`${f}.${other}.pct`, percent)),
      cap.next === null ? null : fact(cap.next.change, clock(cap.next.at_ts, nowTs, board.tz)),
    ),
  );
}

function fact(name: string, value: Node | string | readonly (Node | string)[]): Node {
  return h(
    'span',
    { class: 'fact' },
    h('span', { class: 'faint' }, `${name} `),
    ...(Array.isArray(value) ? value : [value]),
  );
}

function trackLegend({ history }: Scene): Node {
  return h(
    'p',
    { class: 'legend' },
    longTracks(history).map((track, at) =>
      h(
        'span',
        { key: `${track.provider}${track.lane}${track.scope}${track.window_min}${track.account}` },
        h('i', { class: 'swatch', vars: { '--c': `var(${COLOURS[at % COLOURS.length] ?? '--s1'})` } }),
        trackName(track),
      ),
    ),
  );
}

/** All bars on one time line: each track has values at its own moments only. */
function tracks(history: History, tz: string): PlotData {
  const { range } = history;
  const meters = longTracks(history);
  const ts = [...new Set(meters.flatMap(({ points: all }) => all.map((point) => point.ts)))].toSorted((a, b) => a - b);
  return {
    ts,
    tz,
    isBar: true,
    span: [range.since_ts, range.until_ts],
    format: (value) => (value === null || value === undefined ? '' : points(value)),
    traces: meters.map((track, at) => {
      const known = new Map(track.points.map((point) => [point.ts, point.used_pp]));
      return {
        label: trackName(track),
        colour: COLOURS[at % COLOURS.length] ?? '--s1',
        kind: 'line',
        values: ts.map((moment) => known.get(moment) ?? null),
      };
    }),
  };
}

/** Limits per minute come and go with every look; a week and five hours are what is planned with. */
function isLong({ window_min: minutes }: { readonly window_min: number | null }): boolean {
  return minutes !== null && minutes >= 60;
}

function longTracks(history: History | null): readonly MeterTrack[] {
  return history?.meters.filter(isLong) ?? [];
}

function trackName({ provider, lane, scope, window_min: minutes }: MeterTrack): string {
  const parts = [provider, windowName(minutes), scope === 'all' ? null : scope.replace('model:', ''), lane];
  return parts.filter((part) => part !== null).join(' ');
}
