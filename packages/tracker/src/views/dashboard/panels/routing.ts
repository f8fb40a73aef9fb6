import type { Mark, MarkKind, MarkRun } from '../../../rollups/history/history.ts';
import { stateMark } from '../charts/state-mark.ts';
import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';
import { clock, countdown, milliseconds, text, whole } from '../format.ts';
import { empty, table } from './panel.ts';
import type { Panel, Scene } from './panel.ts';

const KINDS: readonly { readonly kind: MarkKind; readonly glyph: string; readonly word: string }[] = [
  { kind: 'fallback', glyph: '▲', word: 'fallback' },
  { kind: 'reroute', glyph: '◆', word: 'reroute' },
  { kind: 'refused', glyph: '■', word: 'refused' },
  { kind: 'cut', glyph: '✕', word: 'cut off' },
];

export const lanes: Panel = {
  id: 'routing',
  title: 'Lanes',
  columns: 12,
  note: () => 'since the shim’s counters began',
  body: ({ board, b, nowTs }) => {
    const hint = board.advice.hints.find(({ part }) => part === 'routing' || part === 'shim');
    const license = board.advice.hints.find(({ part }) => part === 'license');
    if (board.routing.lanes.length === 0)
      return [empty(hint?.sentence ?? 'The shim tells of no lane.', hint?.next ?? null)];
    return [
      table(
        'lanes',
        [
          { title: 'Lane' },
          { title: 'State' },
          { title: 'In flight', class: 'num' },
          { title: 'Requests', class: 'num' },
          { title: 'Errors', class: 'num' },
          { title: 'Fallbacks from', class: 'num' },
          { title: 'to', class: 'num' },
          { title: '429', class: 'num' },
          { title: '529', class: 'num' },
          { title: 'Last error' },
        ],
        board.routing.lanes.map((one, at) => {
          const f = `routing.lanes.${at}`;
          const resting = one.cooldown_active === true;
          const until = one.cooldown_next_ts;
          const rest = until === null || until === undefined ? '' : `, again in ${countdown(until - nowTs)}`;
          const why = one.cooldown_reason ?? one.cooldown_kind ?? '';
          return {
            key: one.lane,
            cells: [
              h('strong', null, one.lane),
              resting
                ? stateMark('near', `resting${rest}${why === '' ? '' : ` · ${why}`}`)
                : one.usable
                  ? stateMark('ok', 'usable')
                  : stateMark('stop', text(one.reason)),
              b(`${f}.active`, whole),
              b(`${f}.requests`, whole),
              b(`${f}.errors`, whole),
              b(`${f}.fallbacks_from`, whole),
              b(`${f}.fallbacks_to`, whole),
              b(`${f}.rate_limited`, whole),
              b(`${f}.overloaded`, whole),
              text(one.last_error),
            ],
          };
        }),
      ),
      board.gated_lanes.length === 0
        ? null
        : h(
            'p',
            { class: 'faint', key: 'gated' },
            `Waiting for a license: ${board.gated_lanes.map(({ lane, reason }) => `${lane} (${reason})`).join(', ')} `,
            h('code', null, license?.next ?? ''),
          ),
    ];
  },
  csv: ({ board }) => [
    [
      'lane',
      'provider',
      'usable',
      'reason',
      'active',
      'requests',
      'errors',
      'fallbacks_from',
      'fallbacks_to',
      'rate_limited',
      'overloaded',
      'cooldown_next_ts',
      'last_error',
    ],
    ...board.routing.lanes.map((one) => [
      one.lane,
      one.provider ?? null,
      String(one.usable),
      one.reason ?? null,
      one.active ?? null,
      one.requests ?? null,
      one.errors ?? null,
      one.fallbacks_from ?? null,
      one.fallbacks_to ?? null,
      one.rate_limited ?? null,
      one.overloaded ?? null,
      one.cooldown_next_ts ?? null,
      one.last_error ?? null,
    ]),
  ],
};

export const timeline: Panel = {
  id: 'fallbacks',
  title: 'Fallbacks and reroutes',
  columns: 6,
  note: ({ history }) => (history === null ? '' : 'of the range'),
  body: (scene) => {
    const { history, past } = scene;
    if (history === null) return [h('div', { class: 'waiting', key: 'wait' })];
    const { marks } = history.timeline;
    return [
      h(
        'div',
        { class: 'lines', key: 'lines', 'data-rove': true },
        KINDS.map(({ kind, glyph, word }) =>
          h(
            'div',
            { class: 'line', key: kind },
            h(
              'span',
              { class: 'line-name' },
              h('span', { class: `glyph mark-${kind}`, 'aria-hidden': 'true' }, glyph),
              ` ${word}`,
            ),
            h(
              'span',
              { class: 'line-track' },
              marks
                .filter((mark) => mark.kind === kind)
                .map((mark) =>
                  h('i', { class: `mark-${kind}`, key: keyOf(mark), vars: { '--at': placeOf(mark, scene) } }, glyph),
                ),
            ),
            past(`timeline.kinds.${kind}`, whole),
          ),
        ),
      ),
      marks.length === 0
        ? h(
            'p',
            { class: 'faint pad', key: 'none' },
            'Every turn of this range took its preferred lane and was answered whole.',
          )
        : h(
            'ol',
            { class: 'feed', key: 'feed', tabindex: 0, 'data-rove': true, 'aria-label': 'newest first' },
            history.timeline.runs.map((run, at) => feedLine(run, at, scene)),
          ),
    ];
  },
  csv: ({ history }) => [
    ['at', 'kind', 'model', 'from_lane', 'lane', 'decision', 'reason', 'status', 'ended', 'rid'],
    ...(history?.timeline.marks ?? []).map((one) => [
      new Date(one.ts * 1000).toISOString(),
      one.kind,
      one.model,
      one.from_lane,
      one.lane,
      one.decision,
      one.reason,
      one.status,
      one.ended,
      one.rid,
    ]),
  ],
};

export const decisions: Panel = {
  id: 'decisions',
  title: 'Last decisions',
  columns: 6,
  note: () => 'newest first',
  body: ({ board, b }) => {
    const { decisions: all } = board.routing;
    if (all.length === 0) return [empty('No request has been decided yet.', board.advice.next)];
    return [
      table(
        'last decisions',
        [
          { title: 'At' },
          { title: 'Model' },
          { title: 'Lane' },
          { title: 'Why' },
          { title: 'Status', class: 'num' },
          { title: 'First token', class: 'num' },
        ],
        all.map((one, at) => ({
          key: one.rid ?? `${one.at_ts}`,
          cells: [
            h('span', { class: 'faint' }, seconds(one.at_ts, board.tz)),
            one.model,
            one.lane,
            h(
              'span',
              { title: one.reason ?? '' },
              text(one.decision),
              one.reason === null ? null : h('span', { class: 'faint' }, ` ${one.reason}`),
            ),
            one.status === null ? h('span', { class: 'faint' }, 'running') : b(`routing.decisions.${at}.status`, whole),
            b(`routing.decisions.${at}.ttft_ms`, milliseconds),
          ],
        })),
      ),
    ];
  },
  csv: ({ board }) => [
    ['at_ts', 'model', 'lane', 'decision', 'reason', 'status', 'ended', 'ttft_ms', 'rid'],
    ...board.routing.decisions.map((one) => [
      one.at_ts,
      one.model,
      one.lane,
      one.decision,
      one.reason,
      one.status,
      one.ended,
      one.ttft_ms,
      one.rid,
    ]),
  ],
};

function feedLine(mark: MarkRun, at: number, { board, nowTs, past }: Scene): Node {
  const kind = KINDS.find((one) => one.kind === mark.kind);
  const way = mark.from_lane === null ? text(mark.lane) : `${mark.from_lane} → ${text(mark.lane)}`;
  const what = [
    mark.decision,
    mark.reason,
    mark.ended === 'complete' ? null : mark.ended,
    mark.status === 200 ? null : mark.status,
  ]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
  return h(
    'li',
    { key: `${mark.first_ts}${mark.kind}` },
    h('span', { class: `glyph mark-${mark.kind}`, 'aria-hidden': 'true' }, kind?.glyph ?? ''),
    h('time', { class: 'faint' }, clock(mark.ts, nowTs, board.tz)),
    h(
      'span',
      null,
      `${kind?.word ?? mark.kind} ${mark.model} `,
      h('span', { class: 'way' }, way),
      mark.count === 1
        ? null
        : h(
            'span',
            null,
            ' ×',
            past(`timeline.runs.${at}.count`, whole),
            ` since ${clock(mark.first_ts, nowTs, board.tz)}`,
          ),
      h('span', { class: 'faint' }, ` ${what}`),
    ),
  );
}

function keyOf({ ts, rid }: Mark): string {
  return `${ts}${rid ?? ''}`;
}

function placeOf({ ts }: Mark, { history }: Scene): string {
  if (history === null) return '0%';
  const { since_ts: since, until_ts: until } = history.range;
  return `${(((ts - since) / (until - since)) * 100).toFixed(2)}%`;
}

function seconds(ts: number, tz: string): string {
  return new Date(ts * 1000).toLocaleTimeString('en-GB', { timeZone: tz, hourCycle: 'h23' });
}
