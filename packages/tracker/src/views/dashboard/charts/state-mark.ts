import { h } from '../dom/node.ts';
import type { Node } from '../dom/node.ts';

export type Tone = 'ok' | 'near' | 'stop' | 'none';

const GLYPHS: Readonly<Record<Tone, string>> = { ok: '●', near: '▲', stop: '■', none: '◌' };

/** A state by glyph, colour and word: never by colour alone. */
export function stateMark(tone: Tone, word: string): Node {
  return h(
    'span',
    { class: `state tone-${tone}` },
    h('span', { class: 'glyph', 'aria-hidden': 'true' }, GLYPHS[tone]),
    ` ${word}`,
  );
}
