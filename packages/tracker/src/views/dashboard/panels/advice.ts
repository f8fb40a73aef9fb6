import type { Board } from '../../../rollups/board/board.ts';
import type { Tone } from '../charts/state-mark.ts';
import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';
import { compact, dollars, milliseconds, tokensPerSecond, whole } from '../format.ts';
import { copyButton } from './panel.ts';
import type { Scene } from './panel.ts';

const STANCES: Readonly<Record<Board['advice']['stance'], { readonly tone: Tone; readonly word: string }>> = {
  go: { tone: 'ok', word: 'Go' },
  hold: { tone: 'stop', word: 'Hold' },
  unknown: { tone: 'none', word: 'Not known yet' },
};
const GLYPHS: Readonly<Record<Tone, string>> = { ok: '●', near: '▲', stop: '■', none: '◌' };

/** The one sentence, what to type, and the six numbers of the range. */
export function advice({ board, past, history }: Scene): Node[] {
  const { sentence, stance, all, next, hints } = board.advice;
  const { tone, word } = STANCES[stance];
  const others = all.filter((one) => one.sentence !== sentence);
  const shim = hints.find((hint) => hint.part === 'shim' && hint.sentence !== sentence);
  const [first = '', ...rest] = sentence.split('; ');
  return [
    h(
      'div',
      { class: 'advice', key: 'advice' },
      h(
        'p',
        { class: `stance tone-${tone}` },
        h('span', { class: 'glyph', 'aria-hidden': 'true' }, GLYPHS[tone]),
        ` ${word}`,
      ),
      h('p', { class: 'sentence', id: 'advice-sentence' }, capital(first), rest.length === 0 ? null : '.'),
      rest.length === 0 ? null : h('p', { class: 'because' }, capital(rest.join('; '))),
      h('p', { class: 'type' }, h('span', { class: 'faint' }, 'next'), h('code', null, next), copyButton(next)),
      shim === undefined
        ? null
        : h('p', { class: 'type' }, `${shim.sentence} `, h('code', null, shim.next), copyButton(shim.next)),
      others.length === 0
        ? null
        : h(
            'details',
            { class: 'more' },
            h('summary', null, `${others.length} more ${others.length === 1 ? 'provider' : 'providers'}`),
            others.map((one) => h('p', { key: one.provider }, capital(one.sentence))),
          ),
    ),
    h(
      'dl',
      { class: 'keys', key: 'keys', 'data-rove': true, 'aria-label': 'the range in numbers' },
      history === null
        ? [h('div', { class: 'key waiting' }, h('dt', null, 'Reading the journals'), h('dd', null, '…'))]
        : [
            key('Output tokens', past('totals.tokens.output', compact)),
            key('Turns', past('totals.turns', whole)),
            key('List price', past('totals.cost_usd', dollars)),
            key('Speed', past('totals.elr_out_tps', tokensPerSecond)),
            key('First token, median', past('totals.ttft_p50_ms', milliseconds)),
            key('Fallbacks and reroutes', [
              past('timeline.kinds.fallback', whole),
              ' + ',
              past('timeline.kinds.reroute', whole),
            ]),
          ],
    ),
  ];
}

function key(name: string, value: Node | readonly (Node | string)[]): Node {
  return h('div', { class: 'key' }, h('dt', null, name), h('dd', null, Array.isArray(value) ? value : (value as Node)));
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
