import type { Board } from '../../rollups/board/board.ts';
import type { History } from '../../rollups/history/history.ts';
import { h } from './dom/node.ts';
import type { Node } from './dom/node.ts';
import { age, text } from './format.ts';

/** Where the numbers come from, what could not be used, and which license there is. */
export function foot(board: Board, history: History | null): Node[] {
  const { license, provenance, problems, shim, advice } = board;
  const hints = advice.hints.filter(({ part }) => part !== 'shim');
  return [
    h(
      'div',
      { class: 'foot-part', key: 'sources' },
      h('h2', null, 'Sources'),
      h(
        'ul',
        { class: 'plain' },
        Object.entries(provenance).map(([part, one]) =>
          h(
            'li',
            { key: part },
            h('strong', null, part),
            h(
              'span',
              { class: 'faint' },
              ` ${one.source} · ${one.rows} rows${one.age_s === null ? '' : ` · newest ${age(one.age_s)} old`}`,
            ),
          ),
        ),
        history === null
          ? null
          : h(
              'li',
              { key: 'turns' },
              h('strong', null, 'turns'),
              h(
                'span',
                { class: 'faint' },
                ` ${history.rows.turns} in the range, ${history.rows.unkept} of them not in a journal yet`,
              ),
            ),
      ),
    ),
    h(
      'div',
      { class: 'foot-part', key: 'state' },
      h('h2', null, 'Shim and license'),
      h(
        'ul',
        { class: 'plain' },
        h(
          'li',
          { key: 'shim' },
          h('strong', null, 'shim'),
          h(
            'span',
            { class: 'faint' },
            shim === null ? ' none has answered yet' : ` ${text(shim.source_url)} · run ${text(shim.epoch)}`,
          ),
        ),
        h(
          'li',
          { key: 'license' },
          h('strong', null, 'license'),
          h(
            'span',
            { class: 'faint' },
            license === null
              ? ' none: everything local works without one'
              : ` ${license.ok ? 'valid' : 'not valid'} ${text(license.plan)}`,
          ),
        ),
        hints.map(({ part, sentence, next }) =>
          h('li', { key: part }, h('span', { class: 'faint' }, `${sentence} `), h('code', null, next)),
        ),
      ),
    ),
    h(
      'div',
      { class: 'foot-part', key: 'problems' },
      h('h2', null, 'What could not be used'),
      problems.length === 0
        ? h('p', { class: 'faint' }, 'Nothing: every row was read.')
        : h(
            'ul',
            { class: 'plain' },
            problems
              .slice(0, 12)
              .map(({ message, remedy, file, line }) =>
                h(
                  'li',
                  { key: message },
                  `${message}. ${remedy ?? ''}`,
                  file === undefined ? null : h('span', { class: 'faint' }, ` ${file}:${line ?? ''}`),
                ),
              ),
          ),
    ),
  ];
}
